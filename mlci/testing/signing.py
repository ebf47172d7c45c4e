"""Signatures that anybody could forge."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mlci.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime


class MemorySigning:
    """Signs with a name; a list of signers is their names, a line each."""

    def __init__(self, name: str | None = None) -> None:
        """Sign as `name`, or not at all."""
        self._name = name

    @property
    def can_sign(self) -> bool:
        """Whether there is a name."""
        return self._name is not None

    def sign(self, content: bytes) -> bytes:
        """Return the name with the hash of the content."""
        if self._name is None:
            raise UsageError("signing-key", "nothing could be signed: no key is named", hint="Name one.")
        return f"{self._name} {hashlib.sha256(content).hexdigest()}".encode()

    def signer(self, content: bytes, signature: bytes, signers: bytes, at: datetime) -> str:  # noqa: ARG002 - the port's
        """Return the name in the signature, if it is on the list and fits the content."""
        name, _, digest = signature.decode(errors="replace").partition(" ")
        if name not in signers.decode().splitlines():
            msg = "it is no signature, or none of an allowed signer at that time"
            raise ValueError(msg)
        if digest != hashlib.sha256(content).hexdigest():
            msg = "it is of other bytes, or was made for something else"
            raise ValueError(msg)
        return name
