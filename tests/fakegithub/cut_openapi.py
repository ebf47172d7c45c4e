"""Cut GitHub's OpenAPI description down to the operations of the fake.

    python -m tests.fakegithub.cut_openapi

It asks the npm client for the package `@octokit/openapi` (MIT), and writes `openapi.json` and `openapi.LICENSE` beside
this file. The same package always gives the same bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fakegithub.permissions import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PACKAGE: Final = "@octokit/openapi@23.0.2"
DESCRIPTION: Final = Path(__file__).with_name("openapi.json")
LICENCE: Final = "openapi.LICENSE"

# Words for people, and what the validation has no use for.
_DROPPED: Final = frozenset(
    {"description", "summary", "title", "example", "examples", "tags", "headers", "deprecated", "readOnly", "default"}
)
# Below these keys stand names of things, which may look like the words above: a property called `description`.
_NAMES: Final = frozenset({"properties", "paths", "schemas", "parameters", "responses"})
_REFERENCE: Final = "#/components/"


def cut(description: Mapping[str, object], operations: Collection[str]) -> dict[str, object]:
    """Return `description` with only `operations` (by operationId), and the components that they refer to.

    Raises `ValueError` when the description lacks one of the operations.
    """
    paths: dict[str, dict[str, object]] = {}
    missing = set(operations)
    for path, methods in _mapping(description["paths"]).items():
        for method, operation in _mapping(methods).items():
            name = _mapping(operation).get("operationId") if isinstance(operation, dict) else None
            if isinstance(name, str) and name in missing:
                missing.remove(name)
                paths.setdefault(path, {})[method] = _stripped(operation, are_names=False)
    if missing:
        raise ValueError(f"the description has no {', '.join(sorted(missing))}")
    components: dict[str, dict[str, object]] = {}
    waiting = _references(paths)
    while waiting:
        kind, name = waiting.pop()
        if name not in components.setdefault(kind, {}):
            component = _stripped(_mapping(_mapping(description["components"])[kind])[name], are_names=False)
            components[kind][name] = component
            waiting |= _references(component)
    return {"openapi": description["openapi"], "paths": paths, "components": components}


def write(package: Path, folder: Path) -> None:
    """Write the cut of a package (`.tgz`), and its licence, to a folder."""
    with tarfile.open(package) as archive:
        description = json.loads(_member(archive, "package/generated/api.github.com.json"))
        licence = _member(archive, "package/LICENSE")
    smaller = {"x-source": f"cut from {PACKAGE}, see openapi.LICENSE", **cut(description, OPERATIONS)}
    (folder / DESCRIPTION.name).write_text(
        json.dumps(smaller, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / LICENCE).write_bytes(licence)


def main() -> int:
    """Fetch the package and write the cut."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        (package,) = Path(folder).glob("*.tgz")
        write(package, DESCRIPTION.parent)
    return 0


def _stripped(node: object, *, are_names: bool) -> object:
    if isinstance(node, list):
        return [_stripped(each, are_names=False) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _stripped(value, are_names=not are_names and key in _NAMES)
        for key, value in node.items()
        if are_names or not (key in _DROPPED or key.startswith("x-"))
    }


def _references(node: object) -> set[tuple[str, str]]:
    if isinstance(node, list):
        return {found for each in node for found in _references(each)}
    if not isinstance(node, dict):
        return set()
    found = {found for each in node.values() for found in _references(each)}
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith(_REFERENCE):
        kind, name = reference.removeprefix(_REFERENCE).split("/")
        found.add((kind, name))
    return found


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file.read()


def _mapping(node: object) -> Mapping[str, object]:
    if not isinstance(node, dict):
        raise TypeError("the description has another form than expected")
    return node


if __name__ == "__main__":
    sys.exit(main())
