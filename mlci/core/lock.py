"""The user's lock: which hashes the files of a distribution have, as uv, pip, Poetry, PDM or PEP 751 write it.

A lock comes from head and is hostile input. Nothing of it gets anywhere but hashes of a version that is known already.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

LOCKS: Final = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "requirements.lock", "requirements.txt")
"""Where hashes are looked for; the first file that is there and has any is the lock. The name tells its form."""
LARGEST: Final = 32 * 1024 * 1024
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})")
_PINNED: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*([A-Za-z0-9.!+_-]+)")
_SEPARATORS: Final = re.compile(r"[-_.]+")

Hashes = dict[str, dict[str, set[str]]]
"""The sha256 of every file of a distribution, by its name and version."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A distribution that predicting needs, directly or because another one does."""

    version: str | None
    """None where it is not installed, since it is for other machines."""
    marker: str = ""
    """For which machines it is."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The hashes that a lock has."""

    path: str
    hashes: Hashes


def canonical(name: str) -> str:
    """Return the one form of a distribution's name (PEP 503).

    >>> canonical("Scikit_Learn")
    'scikit-learn'
    """
    return _SEPARATORS.sub("-", name).lower()


def find_lock(
    paths: Container[str], read: Callable[[str], bytes | None], candidates: Iterable[str] = LOCKS
) -> Lock | None:
    """Return the first of CANDIDATES among PATHS that has hashes, None where none has; one that is damaged has none."""
    for path in candidates:
        name = path.rpartition("/")[2]
        content = (read(path) or b"") if path in paths and name in LOCKS else b""
        if not content or len(content) > LARGEST:
            continue
        text = content.decode(errors="replace")
        found = _of_requirements(text) if name.startswith("requirements") else _of_toml(text)
        if found:
            return Lock(path, found)
    return None


def hashed_requirements(dependencies: Mapping[str, Dependency], lock: Lock) -> tuple[str | None, str | None]:
    """Return requirements that pip installs with `--require-hashes`: all DEPENDENCIES, each with its hashes of LOCK.

    Where that cannot be, return None and why: pip wants the hashes of all or of none.
    """
    blocks = []
    for name, needed in sorted(dependencies.items()):
        known = lock.hashes.get(name, {})
        version = needed.version or (next(iter(known)) if len(known) == 1 else None)
        if version is None:
            continue
        if version not in known:
            has = f"has {name} {', '.join(sorted(known))}" if known else f"does not name {name}"
            return None, f"no hashes in requirements.txt: {lock.path} {has}, and mlci predicts with {version}"
        marker = f" ; {needed.marker}" if needed.version is None and needed.marker else ""
        lines = [f"{name}=={version}{marker}", *(f"    --hash=sha256:{each}" for each in sorted(known[version]))]
        blocks.append(" \\\n".join(lines) + "\n")
    return "".join(blocks), None


def listed_otherwise(text: str, versions: Mapping[str, str]) -> tuple[str, ...]:
    r"""Return what a `requirements.txt` of mlci's says otherwise than VERSIONS, by distribution.

    With hashes it lists what these require, too, and without them these alone. What is no exact version is named, and
    what a marker keeps from being installed.

    >>> listed_otherwise("numpy==2.2.0\nevil==1.0\n", {"numpy": "2.2.1", "scipy": "1.15.0"})
    ('evil', 'numpy', 'scipy')
    """
    known = {canonical(name) for name in versions}
    lines = [line.strip() for line in re.sub(r"\\\r?\n", " ", text).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    has_hashes = any("--hash=" in line for line in lines)
    found: dict[str, set[str]] = {}
    for line in lines:
        stated, marker, _ = line.partition("--hash=")[0].partition(";")
        pinned = _PINNED.fullmatch(stated.strip())
        name, version = (canonical(pinned[1]), pinned[2]) if pinned else (stated.strip(), "")
        found.setdefault(name, set()).add("" if marker and name in known else version)
    wrong = {name for name, version in versions.items() if found.get(canonical(name)) != {version}}
    wrong |= {name for name, stated in found.items() if stated == {""} or not (has_hashes or name in known)}
    return tuple(sorted(wrong))


def _of_requirements(text: str) -> Hashes:
    found: Hashes = {}
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        pinned, hashes = _PINNED.match(line), set(_HASH.findall(line))
        if pinned and hashes:
            found.setdefault(canonical(pinned[1]), {}).setdefault(pinned[2], set()).update(hashes)
    return found


def _of_toml(text: str) -> Hashes:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
    found: Hashes = {}
    for package in (*_tables(content.get("package")), *_tables(content.get("packages"))):
        name, version, hashes = package.get("name"), package.get("version"), set(_hashes(package))
        if isinstance(name, str) and isinstance(version, str) and _PINNED.fullmatch(f"{name}=={version}") and hashes:
            found.setdefault(canonical(name), {}).setdefault(version, set()).update(hashes)
    return found


def _hashes(package: dict[str, Any]) -> Iterator[str]:
    """Yield the hashes of a package's files: uv and PEP 751 part wheels and source, Poetry and PDM do not."""
    files = [*_tables(package.get("wheels")), *_tables(package.get("files")), *_tables([package.get("sdist")])]
    for file in files:
        listed = file.get("hashes")
        sha256 = listed.get("sha256") if isinstance(listed, dict) else None
        told = file.get("hash") if sha256 is None else f"sha256:{sha256}"
        match = _HASH.fullmatch(told) if isinstance(told, str) else None
        if match:
            yield match[1]


def _tables(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
