"""A data set in the configuration: where it lies, in which form, and what holds for it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import Field, model_validator

from mlci.core.data_files import DEFAULT_BYTES, DEFAULT_FILES, Pin, short
from mlci.core.data_format import FormatField  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.data_path import DataPath, is_pattern, is_remote, named
from mlci.core.paths import PathBelow  # noqa: TC001 - as above
from mlci.core.pipeline import LOCK, POINTER, locked_stages, read_folder_pointer, read_pointer
from mlci.core.section import HEAD, PARTS, RULE, Section
from mlci.core.size import Size  # noqa: TC001 - as above
from mlci.core.storage import ENDPOINT_PATTERN, REGION_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHA256_PATTERN: Final = "^[0-9a-f]{64}$"
_MD5: Final = re.compile(r"[0-9a-f]{32}(\.dir)?")


class LimitsSection(Section):
    """How much may be read, so that no mistake and no archive fills a disk."""

    size: Annotated[Size, RULE] = DEFAULT_BYTES
    files: Annotated[Annotated[int, Field(ge=1, le=100_000)], RULE] = DEFAULT_FILES


class DataSection(Section):
    """Where a data set lies and which contract it must satisfy."""

    path: Annotated[DataPath, HEAD]
    contract: Annotated[PathBelow | None, RULE] = None
    format: Annotated[FormatField, HEAD] = None
    sha256: Annotated[Annotated[str, Field(pattern=SHA256_PATTERN)] | None, HEAD] = None
    endpoint_url: Annotated[Annotated[str, Field(pattern=ENDPOINT_PATTERN)] | None, HEAD] = None
    region: Annotated[Annotated[str, Field(pattern=REGION_PATTERN)] | None, HEAD] = None
    limits: Annotated[LimitsSection, PARTS] = LimitsSection()

    @property
    def is_remote(self) -> bool:
        """Whether it lies at an address."""
        return is_remote(self.path)

    @property
    def pin(self) -> Pin | None:
        """What the bytes of its one file must be."""
        return None if self.sha256 is None else Pin("sha256", self.sha256)

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.is_remote and self.sha256 is None:
            message = (
                f"what lies outside Git is pinned by its hash: add sha256: (sha256sum {self.path.rpartition('/')[2]})"
            )
            raise ValueError(message)
        if self.sha256 is not None and is_pattern(self.path):
            message = "sha256: is the hash of one file, and this path may stand for several"
            raise ValueError(message)
        for name in ("endpoint_url", "region"):
            if getattr(self, name) is not None and not self.path.startswith("s3://"):
                message = f"{name}: says where an s3:// address is answered"
                raise ValueError(message)
        return self


def identity(section: DataSection, ids: Mapping[str, str]) -> str | None:
    """Return what stands for the bytes of a data set in a tree of files with the Git ids IDS; None where it has none.

    Equal identities mean equal bytes. It is the Git id of the file, or of what DVC keeps in Git in its place, or the
    hash that the configuration pins; of several files, the hash of all of these with their paths.
    """
    if section.is_remote:
        return None if section.pin is None else f"{section.pin.algorithm}:{section.pin.digest}"
    if section.path in ids:
        return ids[section.path]
    found = [[path, ids[path]] for path in stand_ins(section.path, ids)]
    if not found:
        return None
    listed = json.dumps(found, ensure_ascii=False).encode(errors="surrogateescape")
    return f"sha256:{hashlib.sha256(listed).hexdigest()}"


def lies_in_git(section: DataSection, ids: Mapping[str, str]) -> bool:
    """Tell whether a tree of files with the Git ids IDS has bytes of a data set itself, so that all may read them."""
    return not section.is_remote and bool(named(section.path, ids))


def stand_ins(path: str, ids: Mapping[str, str]) -> tuple[str, ...]:
    """Return which files of Git stand for a data set at PATH, itself or DVC's pointers to it, in their order.

    A pointer stands for what it is called after, and for all below that. Where neither is there, the locks of DVC
    pipelines do, which say what stages made.
    """
    real = [name for name in ids if not name.endswith(POINTER)]
    pointers = {name.removesuffix(POINTER): name for name in ids if name.endswith(POINTER)}
    found = [*named(path, real), *(pointers[name] for name in named(path, pointers))]
    above = [path[:place] for place, sign in enumerate(path) if sign == "/"]
    found += [pointers[folder] for folder in above if folder in pointers]
    if not found:
        locks = (f"{folder}/{LOCK}" if folder else LOCK for folder in ("", *above))
        found = [lock for lock in locks if lock in ids]
    return tuple(sorted(found))


def kept_by(stand_in: str, content: bytes | None, path: str) -> dict[str, str]:
    """Return what a file of DVC's, STAND_IN with its CONTENT, keeps of the data set at PATH: paths with their MD5.

    The hash of a folder, which is that of the list of its files, ends with `.dir`. Nothing else keeps any.
    """
    if stand_in.endswith(POINTER):
        target = stand_in.removesuffix(POINTER)
        single, folder = read_pointer(content), read_folder_pointer(content)
        if single is not None and single.path == short(target):
            return {target: single.md5}
        return {} if folder is None else {target: f"{folder}.dir"}
    above = stand_in.removesuffix(LOCK)
    made = ((f"{above}{each}", digest) for stage in locked_stages(content) for each, digest in stage.makes.items())
    return {each: digest for each, digest in made if _MD5.fullmatch(digest) and _is_of(path, each, digest)}


def _is_of(path: str, made: str, digest: str) -> bool:
    """Tell whether what a stage MADE is what a data set at PATH is of, or holds some of its files."""
    if named(path, [made]):
        return True
    fixed = path if not is_pattern(path) else re.split(r"[*?\[]", path)[0]
    return digest.endswith(".dir") and (path == made or fixed.startswith(f"{made}/"))


def pinned_digests(section: DataSection, ids: Mapping[str, str], read: Callable[[str], bytes | None]) -> frozenset[str]:
    """Return the hashes by which a tree with the Git ids IDS, and what READ returns of it, names a data set."""
    kept = (kept_by(each, read(each), section.path) for each in stand_ins(section.path, ids) if is_of_dvc(each))
    found = {digest.removesuffix(".dir") for each in kept for digest in each.values()}
    return frozenset(found | ({section.pin.digest} if section.pin else set()))


def is_of_dvc(path: str) -> bool:
    """Tell whether PATH is a file by which DVC keeps others out of Git."""
    return path.endswith(POINTER) or short(path) == LOCK


def variable_of(dataset: str) -> str:
    """Return the name of the variable that tells a training command where a data set lies.

    >>> variable_of("blood-cells")
    'MLCI_DATA_BLOOD_CELLS'
    """
    return f"MLCI_DATA_{dataset.upper().replace('-', '_')}"
