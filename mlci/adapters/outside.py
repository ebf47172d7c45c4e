"""Data that lie outside of Git: brought once by their hash, kept under it, and verified whenever they are read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from mlci.adapters.files import new_file
from mlci.core.data_files import short
from mlci.errors import IntegrityError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mlci.core.data_files import Wanted

    Content = Callable[[Wanted], Iterable[bytes]]
    """Returns bytes piece by piece from where they are."""


class Place(Protocol):
    """Where data may lie on this machine already."""

    def held(self, wanted: Wanted) -> Path | None:
        """Return the file with these bytes, None where there is none."""


class Outside:
    """Fetches what is wanted into one folder, whole and of the right hash or not at all."""

    def __init__(self, cache: Path, sources: Mapping[str, Content], places: Iterable[Place] = ()) -> None:
        """Keep files in the folder CACHE; SOURCES has a kind of address each: `https`, `s3`, `dvc`."""
        self._cache = cache
        self._sources = sources
        self._places = tuple(places)

    def held(self, wanted: Wanted) -> Path | None:
        """Return a file that should have these bytes and is here; who reads it verifies it."""
        kept = self._cache / f"{wanted.pin.algorithm}-{wanted.pin.digest}"
        if kept.is_file():
            return kept
        return next((path for place in self._places if (path := place.held(wanted)) is not None), None)

    def fetch(self, wanted: Wanted) -> Path:
        """Return a file with these bytes.

        Raises `IntegrityError("data-differs")` where other bytes lie there, `RejectedError("data-too-large")`, and what
        the source raises. What was kept and is damaged is brought again.
        """
        kept = self.held(wanted)
        if kept is not None and _digest(kept, wanted) == wanted.pin.digest:
            return kept
        path = self._cache / f"{wanted.pin.algorithm}-{wanted.pin.digest}"
        source = self._sources["dvc" if wanted.address is None else wanted.address.partition("://")[0]]
        state = hashlib.new(wanted.pin.algorithm, usedforsecurity=False)
        taken = 0
        with new_file(path) as into:
            for chunk in source(wanted):
                taken += len(chunk)
                if taken > wanted.limit_bytes:
                    raise too_large(wanted)
                state.update(chunk)
                into.write(chunk)
            if state.hexdigest() != wanted.pin.digest:
                raise _other_bytes(wanted, state.hexdigest())
        return path


def too_large(wanted: Wanted) -> RejectedError:
    """Return the error for more bytes than are allowed."""
    return RejectedError(
        "data-too-large",
        f"{short(wanted.name)} takes more than {wanted.limit_bytes:,} bytes",
        where=wanted.name,
        hint="data: {NAME: {…, limits: {size: 50GB}}}",
    )


def _other_bytes(wanted: Wanted, found: str) -> IntegrityError:
    """Return the error for bytes that were brought and are not those that are WANTED: their hash is FOUND."""
    pin, name = wanted.pin, wanted.name
    place = f"{pin.digest[:2]}/{pin.digest[2:]}"
    return IntegrityError(
        "data-differs",
        f"what was brought as {short(name)} is not what is recorded: its {pin.algorithm} is {found}, not {pin.digest}",
        where=name,
        cause="What lies there was changed or damaged after its hash was recorded.",
        hint=f"Remove {place} from DVC's remote, then dvc push {name} where the data are whole."
        if wanted.address is None
        else f"Restore it there; or, if the new bytes are meant, record them: sha256: {found}",
    )


def _digest(path: Path, wanted: Wanted) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(
            content, lambda: hashlib.new(wanted.pin.algorithm, usedforsecurity=False)
        ).hexdigest()
