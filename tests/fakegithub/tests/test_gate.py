from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakegithub.answers import ApiError
from tests.fakegithub.gate import token_of
from tests.fakegithub.state import State, Token

SCHEMES = st.sampled_from(["Bearer", "token", "Basic", "basic", "Digest", ""])


def a_state() -> State:
    state = State(Path("nowhere"))
    state.tokens["secret"] = Token("secret", "ana", None, None, {})
    return state


@given(SCHEMES, st.text())
def test_token_of__any_other_secret_is_401(scheme: str, credentials: str) -> None:
    with pytest.raises(ApiError) as caught:
        token_of(a_state(), f"{scheme} x{credentials}")
    assert caught.value.status == 401


@pytest.mark.parametrize("header", ["Bearer secret", "bearer  secret ", "TOKEN secret", "Basic YTpzZWNyZXQ="])
def test_token_of__the_secret(header: str) -> None:
    found = token_of(a_state(), header)
    assert found is not None
    assert found.login == "ana"


def test_token_of__no_header_is_nobody() -> None:
    assert token_of(a_state(), None) is None
