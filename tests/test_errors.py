from __future__ import annotations

import pytest

from mlci.errors import IntegrityError, MlciError, OutsideError, RejectedError, UndecidedError, UsageError

FAMILY = (RejectedError, UsageError, UndecidedError, IntegrityError, OutsideError)


def an_error(family: type[MlciError] = IntegrityError) -> MlciError:
    error = family("slug", "it says /place/x: 12.7", where="/place/x", cause="cause", hint="rm /place/x")
    error.private = "/place/x: 12.7"
    return error


@pytest.mark.parametrize("family", FAMILY)
def test_public__leaves_out_what_is_private_and_nothing_else(family: type[MlciError]) -> None:
    error, told = an_error(family), an_error(family).public()
    assert type(told) is family
    assert told.to_dict() == {**error.to_dict(), "problem": "it says …"}
    assert str(told) == "it says …"


@pytest.mark.parametrize("private", [None, ""])
def test_public__of_what_holds_nothing_private_is_the_error_itself(private: str | None) -> None:
    error = UsageError("slug", "what happened")
    error.private = private
    assert error.public() is error
