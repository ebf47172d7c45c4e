"""The libraries that an interpreter has to ask models with, and their exact versions."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Final

from mlci.adapters.child import ENVIRONMENT, not_started
from mlci.adapters.model_refusals import refusal, sanitised
from mlci.core.libraries import DISTRIBUTIONS
from mlci.core.lock import Dependency
from mlci.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSIONS_PROGRAM: Final = """
import importlib.metadata, json, re, sys
found, waiting = {}, [(name, "") for name in sys.argv[1:]]
while waiting:
    name, marker = waiting.pop(0)
    name = re.sub("[-_.]+", "-", name).lower()
    if found.get(name, [None])[0] is not None:
        continue
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        if name in sys.argv:
            raise
        found[name] = [None, marker]
        continue
    found[name] = [distribution.version, ""]
    for line in distribution.requires or ():
        needed, _, marker = line.partition(";")
        if "extra" not in marker:
            waiting.append((re.match("[A-Za-z0-9._-]+", needed.strip())[0], marker.strip()))
print(json.dumps(found))
"""
"""Prints the version of each distribution and of what it requires; none and for which machines, of what is not here."""


class InstalledLibraries:
    """What an interpreter has installed, by format; it is asked once for each."""

    def __init__(self, python: Path, seconds: float) -> None:
        """Ask the interpreter PYTHON, which may take so many SECONDS to answer."""
        self._python, self._seconds = python, seconds
        self._dependencies: dict[str, dict[str, Dependency]] = {}

    def dependencies(self, format: str) -> Mapping[str, Dependency]:  # noqa: A002  # the field's own word
        """Return what models of a format are asked with and all that it requires; raises as `requirements`."""
        if format not in self._dependencies:
            self._dependencies[format] = self._asked(DISTRIBUTIONS[format])
        return self._dependencies[format]

    def requirements(self, format: str) -> Mapping[str, str]:  # noqa: A002  # the field's own word
        """Return the exact versions of what models of a format are asked with, by distribution.

        Raises OutsideError `missing-library` if one of them is not installed there.
        """
        needed = self.dependencies(format)
        return {name: version for name in DISTRIBUTIONS[format] if (version := needed[name].version) is not None}

    def found(self, format: str) -> Mapping[str, str]:  # noqa: A002  # the field's own word
        """Return the same versions as `requirements`; none where one of the libraries is missing."""
        try:
            return self.requirements(format)
        except OutsideError as error:
            if error.code != "missing-library":
                raise
            return {}

    def _asked(self, distributions: tuple[str, ...]) -> dict[str, Dependency]:
        try:
            done = subprocess.run(
                [str(self._python), "-I", "-B", "-c", VERSIONS_PROGRAM, *distributions],
                capture_output=True,
                env=dict(ENVIRONMENT),
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise not_started(self._python, "it does not answer") from error
        except OSError as error:
            raise not_started(self._python, str(error.strerror)) from error
        if done.returncode:
            raise refusal("missing-library", sanitised(done.stderr), self._python)
        return {name: Dependency(version, marker) for name, (version, marker) in json.loads(done.stdout).items()}
