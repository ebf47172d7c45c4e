from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.forge import LONGEST_DESCRIPTION, shown_description
from mlci.core.proof import Proof, read_proof

MODEL, FINGERPRINT = "a" * 64, "b" * 64
ADDRESS = "https://github.com/acme/tumour/actions/runs/12"


def test_sentence__is_read_back_as_a_forge_shows_it() -> None:
    proof = Proof(FINGERPRINT, MODEL, 12)
    assert len(proof.sentence) < LONGEST_DESCRIPTION
    assert read_proof(shown_description(proof.sentence), ADDRESS) == proof


@pytest.mark.parametrize(
    "url", [None, "", "https://example.com", "https://example.com/actions/runs/0", "actions/runs/x"]
)
def test_proof__without_a_run(url: str | None) -> None:
    assert read_proof(f"{MODEL} from {FINGERPRINT}", url) == Proof(FINGERPRINT, MODEL)


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "pass",
        f"{MODEL} from {FINGERPRINT}0",
        f"{MODEL.upper()} from {FINGERPRINT}",
        f"{MODEL} from {FINGERPRINT}\n",
    ],
)
def test_proof__what_is_none(sentence: str) -> None:
    assert read_proof(sentence, ADDRESS) is None


@given(st.text(), st.none() | st.text())
def test_proof__any_text_is_read_or_not(sentence: str, url: str | None) -> None:
    assert read_proof(sentence, url) is None
