"""A proof: which model a trusted report has judged for which inputs, as a forge keeps it beside the judged commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

CONTEXT: Final = "mlci/model"
"""The status that holds a proof where a forge has statuses; it requires nothing."""

_DIGEST: Final = "[0-9a-f]{64}"
_SENTENCE: Final = re.compile(f"(?P<model>{_DIGEST}) from (?P<fingerprint>{_DIGEST})")
_RUN: Final = re.compile(r"/actions/runs/(?P<run>[1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class Proof:
    """Made from the inputs with this fingerprint, the model with this sha256 was judged."""

    fingerprint: str
    model_sha256: str
    run: int | None = None
    """The run that submitted it, and may still hold its bytes."""

    @property
    def sentence(self) -> str:
        """What the description of a status says; 134 of the 140 characters that there are."""
        return f"{self.model_sha256} from {self.fingerprint}"


def read_proof(sentence: str, url: str | None) -> Proof | None:
    """Return the proof that a status holds, with the run that its address names; None where it holds none.

    >>> read_proof("of somebody else", None) is None
    True
    """
    match = _SENTENCE.fullmatch(sentence)
    if match is None:
        return None
    run = _RUN.search(url) if url else None
    return Proof(match["fingerprint"], match["model"], int(run["run"]) if run else None)
