from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.runs.secrets import (
    WITHHELD,
    is_secret_name,
    is_secret_value,
    secrets_in,
    shown_value,
    without,
    without_secrets,
)

TOKENS = (
    "ghp_" + "a1B2c3D4e5" * 3, "github_pat_" + "a1B2c3D4e5" * 3, "glpat-" + "a1B2c3D4e5" * 2,
    "AKIA" + "ABCDEFGH12345678", "xoxb-" + "1234567890-abc", "sk-" + "abcdefghij0123456789", "hf_" + "abcdefghij" * 3,
    "sk_live_" + "abcdefghij01", "eyJ" + "hbGciOiJI.eyJzdWIiOiIx.c2ln", "-----BEGIN RSA " + "PRIVATE KEY-----",
    "AIza" + "0123456789abcdefghijABCDEFGHIJ_-x",
    "wJalrXUtnFEMI/K7MDENG/bPxRfi" + "CY3x4mPL3k3yQ",
)  # fmt: skip
"""Of known kinds, and one that is only random; each is put together here, so that no scanner stumbles over it."""


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "DB_PASSWORD", "dbPassword", "api_key", "API-KEY", "apiKey", "APIKey", "aws.secret",
     "AWS_SECRET_ACCESS_KEY", "access_keys", "HF_TOKEN", "token", "auth", "proxy-authorization", "passphrase",
     "session_cookie", "SENTRY_DSN", "pwd", "credentials"],
)  # fmt: skip
def test_name__of_a_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "key", "max_tokens", "n_tokens", "tokenizer", "token_count", "author", "bypass", "compass", "passes",
     "keyword", "private", "C", "monkey", "secretary", "access", "primary_key", "label_key", "authors"],
)  # fmt: skip
def test_name__of_something_else(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize("token", TOKENS)
def test_value__with_the_shape_of_a_secret(token: str) -> None:
    assert is_secret_value(token)
    assert token not in without_secrets(f"uses {token} to fetch")


@pytest.mark.parametrize(
    "text",
    ["", "0.1", "data/cells.csv", "c" * 40, "0123456789abcdef" * 4, "550e8400-e29b-41d4-a716-446655440000",
     "RandomForestClassifier2024Experiment7", "models/2024-06-01/run12/Best.skops", "https://example.com/data?x=1",
     "python train.py --depth 6 --learning-rate 0.1", "s3://bucket/training/Cells2024/part-0001.parquet"],
)  # fmt: skip
def test_value__of_an_ordinary_shape(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("python train.py --password hunter22", "python train.py --password (withheld)"),
        ("python train.py --password=hunter22 --c 1", "python train.py --password=(withheld) --c 1"),
        ("API_KEY='two words' python train.py", "API_KEY='(withheld)' python train.py"),
        ("env A=1 HF_TOKEN=abcdef python x.py", "env A=1 HF_TOKEN=(withheld) python x.py"),
        ("curl -H 'Authorization: Bearer abcdef12'", "curl -H 'Authorization: (withheld) (withheld)'"),
        ("git clone https://ada:pass1234@host/x", "git clone https://(withheld)@host/x"),
        ("train --token ''", "train --token ''"),
    ],
)
def test_command__is_shown_without(command: str, shown: str) -> None:
    assert without_secrets(command) == shown


def test_without__the_longest_first_and_words_that_are_too_short_stay() -> None:
    assert without("abcdef abcd a", ["abcd", "abcdef", "a"]) == f"{WITHHELD} {WITHHELD} a"


def test_shown_value__by_name_or_by_shape() -> None:
    assert (shown_value("password", "x"), shown_value("rate", "0.1")) == (WITHHELD, "0.1")


@given(st.text(max_size=300))
def test_any_text__is_shown_without_what_was_found_in_it(text: str) -> None:
    found = secrets_in(text)
    assert all(secret in text for secret in found)
    assert without_secrets(text) == without(text, found)
