"""What a target answers with: a version, and the bytes that it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mlci.core.names import checked_sha256
from mlci.core.registry.numbers import NUMBER, sort_key

_DIGITS: Final = 12
_FOLDER: Final = re.compile(rf"(?P<version>{NUMBER.pattern})-(?P<digest>[0-9a-f]{{{_DIGITS}}})")


@dataclass(frozen=True, slots=True)
class Placed:
    """A version on a target. Its number alone says little: another model may have the same one."""

    version: str
    digest: str
    """How the sha256 of its package archive begins."""

    @classmethod
    def of(cls, version: str, sha256: str) -> Placed:
        """Return VERSION with the package SHA256; raises `UsageError("bad-version")`, `IntegrityError("bad-digest")`.

        >>> Placed.of("v1.0.0", "ab" * 32).folder
        'v1.0.0-abababababab'
        """
        sort_key(version)
        return cls(version, checked_sha256(sha256)[:_DIGITS])

    @classmethod
    def in_folder(cls, name: str) -> Placed | None:
        """Return what lies in a folder of this NAME, None where no version does.

        >>> Placed.in_folder("v1.0.0-abababababab")
        Placed(version='v1.0.0', digest='abababababab')
        """
        found = _FOLDER.fullmatch(name)
        return cls(found["version"], found["digest"]) if found else None

    @property
    def folder(self) -> str:
        """The name of the folder that it lies in."""
        return f"{self.version}-{self.digest}"
