from __future__ import annotations

import pytest

from mlci.cli.asking import asking_predictor
from mlci.core.section import TOKEN_VARIABLES
from mlci.errors import UsageError


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TOKEN_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_predictor__starts_programs() -> None:
    assert asking_predictor().starts_programs


@pytest.mark.parametrize("name", TOKEN_VARIABLES)
def test_predictor__beside_a_token_starts_no_program(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "canary")
    predictor = asking_predictor()
    assert not predictor.starts_programs
    with pytest.raises(UsageError) as caught:
        predictor.run_program(b"", {})
    assert caught.value.code == "program-beside-token"
