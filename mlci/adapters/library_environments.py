"""Virtual environments with the libraries that models are asked with, at exactly the versions that packages name."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.adapters.made_once import made_once
from mlci.core.plain_text import printable
from mlci.core.runs.secrets import without_secrets
from mlci.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LIMIT_SECONDS: Final = 1_800
LONGEST_WORDS: Final = 1_000
PASSED: Final = frozenset(
    {
        "HOME", "LANG", "PATH", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    }
)  # fmt: skip
"""What pip may see of the environment, besides its own settings: where the index is, and never a token of a job."""
ELSEWHERE: Final = frozenset({"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN", "PIP_NO_DEPS"})
"""Settings of pip that would leave the environment without what it is made for."""
INDEX: Final = frozenset(
    {
        "index-url", "extra-index-url", "no-index", "find-links", "trusted-host",
        "cert", "client-cert", "proxy", "timeout", "default-timeout", "retries", "keyring-provider",
    }
)  # fmt: skip
"""What counts of files of settings of pip: where the index is, and how it is reached."""
OPTIONS: Final = (
    "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet", "--no-warn-script-location"
)  # fmt: skip
"""Wheels alone: to build a package would run code of its own."""
NO_WHEEL: Final = re.compile(r"No matching distribution found|Could not find a version")
NO_VERSION: Final = re.compile(r"\(from versions: none\)")
"""What pip says of an index that does not answer; one that does has other versions of such libraries."""


class LibraryEnvironments:
    """Environments by what is in them, in a folder that all repositories of a user share."""

    def __init__(
        self, environ: Mapping[str, str], tell: Callable[[str], None], *, python: Path = Path(sys.executable)
    ) -> None:
        """Make environments of the interpreter PYTHON, in the cache folder that ENVIRON names; TELL hears of each."""
        cache = Path(environ.get("XDG_CACHE_HOME", ""))
        if not cache.is_absolute():  # nothing, as the XDG Base Directory Specification has it
            cache = Path(environ.get("HOME") or Path.home()).absolute() / ".cache"
        self.folder = cache / "mlci" / "environments"
        self._environ = {
            name: value for name, value in environ.items() if name in PASSED or name.startswith("PIP_")
        }  # fmt: skip
        self._environ = {name: value for name, value in self._environ.items() if name not in ELSEWHERE}
        self._environ |= {"XDG_CACHE_HOME": str(cache), "PIP_USER": "0"}
        self._tell = tell
        self._python = python

    def interpreter(self, requirements: Sequence[str]) -> Path:
        """Return the interpreter of the environment that holds REQUIREMENTS, and what they require; made where missing.

        Raises `OutsideError("libraries-not-installed")`.
        """
        interpreter = (platform.python_implementation(), platform.python_version(), sys.base_prefix, platform.machine())
        content = "\n".join((*interpreter, *sorted(requirements)))
        # An interpreter that was replaced takes its environments with it, which lead to it by links.
        path = self.folder / hashlib.sha256(content.encode()).hexdigest()[:16]
        python = path / "bin" / "python"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with made_once(path, holds="bin/python") as is_whole:
                if not is_whole:
                    self._tell(f"install {', '.join(requirements)} to ask the model with, once")
                    self._run([str(self._python), "-I", "-m", "venv", str(path)], requirements)
                    pip = [str(python), "-I", "-m", "pip"]
                    index = _index(self._run([*pip, "config", "list"], requirements))
                    # Files of settings may say `target` or `no-deps`, so nothing of them counts but where the index is.
                    self._run([*pip, "install", *OPTIONS, "--", *requirements], requirements, index)
        except OSError as error:
            problem = f"{path} cannot be written: {error.strerror}"
            raise OutsideError("libraries-not-installed", problem, hint="export XDG_CACHE_HOME=…") from error
        return python

    def _run(
        self, command: Sequence[str], requirements: Sequence[str], settings: Mapping[str, str] | None = None
    ) -> str:
        """Return what a command writes; pip reads no files of settings where SETTINGS stand in their place."""
        instead = {} if settings is None else {**settings, **self._environ, "PIP_CONFIG_FILE": os.devnull}
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self._environ | instead | {"PYTHONNOUSERSITE": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT_SECONDS,
                check=False,
                close_fds=False,  # it holds the lock of what is made, also where nobody waits for it any more
            )
        except subprocess.TimeoutExpired as error:
            raise _failed(f"nothing came of it in {LIMIT_SECONDS} s", requirements) from error
        if done.returncode:
            said = os.fsdecode(done.stderr or done.stdout).strip().splitlines()
            raise _failed("\n".join(said[-3:]) or f"exit code {done.returncode}", requirements)
        return os.fsdecode(done.stdout)


def _index(listed: str) -> dict[str, str]:
    r"""Return where the index is by pip's files of settings, as variables, of what `pip config list` LISTED.

    >>> _index("global.index-url='https://mirror.test'\nglobal.target='/elsewhere'")
    {'PIP_INDEX_URL': 'https://mirror.test'}
    """
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in found and key in INDEX:
            with contextlib.suppress(ValueError, SyntaxError):
                found[section][f"PIP_{key.upper().replace('-', '_')}"] = " ".join(str(ast.literal_eval(value)).split())
    return found["global"] | found["install"]


def _failed(words: str, requirements: Sequence[str]) -> OutsideError:
    said = without_secrets("\n".join(printable(line, LONGEST_WORDS) for line in words.splitlines()))
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    cause = "The package index cannot be reached from here, or refused."
    if NO_WHEEL.search(said) and not NO_VERSION.search(said):
        cause = f"The index has no wheels of these versions for {python} on {platform.machine()}."
    return OutsideError(
        "libraries-not-installed",
        f"the model needs {', '.join(requirements)}, which could not be installed:\n{said}",
        cause=cause,
        hint="PIP_INDEX_URL names another index; versions that stand beside mlci itself need none: "
        f"pip install {' '.join(requirements)}",
    )
