from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.evaluation import Measured, read_evaluation, write_evaluation
from mlci.core.gates import Outcome
from mlci.core.registry.entries import sha256
from mlci.core.report import Conclusion, Report
from mlci.errors import IntegrityError
from tests.core.reports import a_report, a_result, a_verdict


def the_report() -> Report:
    return a_report(
        Conclusion.PASS,
        verdict=a_verdict(a_result("recall", "not_worse", Outcome.PASS), a_result("roc_auc", "floor", Outcome.PASS)),
    )


def test_evaluation__is_read_back() -> None:
    report = the_report()
    content = write_evaluation(report)
    found = read_evaluation(content, sha256(content))
    assert report.verdict is not None
    assert (found.conclusion, found.rows) == (str(report.conclusion), report.verdict.rows)
    assert found.measured == tuple(
        Measured(each.metric, each.require, each.limit, str(each.outcome), each.candidate, each.production)
        for each in report.verdict.results
    )
    assert found.metrics == {each.metric: each.candidate for each in report.verdict.results}


@pytest.mark.parametrize(
    ("conclusion", "blocks", "allows"),
    [
        (Conclusion.PASS, True, True),
        (Conclusion.FIRST, True, True),
        (Conclusion.INCONCLUSIVE, True, False),
        (Conclusion.INCONCLUSIVE, False, True),
        (Conclusion.NOT_COMPARABLE, True, False),
        (Conclusion.FAIL, False, False),
    ],
)
def test_evaluation__allows_what_its_report_allowed(conclusion: Conclusion, *, blocks: bool, allows: bool) -> None:
    content = write_evaluation(replace(the_report(), conclusion=conclusion, blocks=blocks))
    assert read_evaluation(content, sha256(content)).allows_promotion is allows


def test_evaluation__of_one_report_is_always_the_same() -> None:
    assert write_evaluation(the_report()) == write_evaluation(the_report())


def test_evaluation__that_was_edited() -> None:
    content = write_evaluation(the_report())
    with pytest.raises(IntegrityError) as caught:
        read_evaluation(content + b" ", sha256(content))
    assert (caught.value.code, caught.value.where) == ("registry-broken", f"evaluations/{sha256(content)}.json")


def with_(**changed: object) -> bytes:
    return json.dumps({"conclusion": "pass", "rows": 1, "gates": [], **changed}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, with_(rows=True), with_(conclusion=1), with_(gates=None),
        with_(gates=[{}]), with_(gates=[[]]),
    ],
)  # fmt: skip
def test_evaluation__that_mlci_never_wrote(content: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_evaluation(content, sha256(content))


@given(st.binary(max_size=200))
def test_evaluation__of_any_bytes_is_read_or_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_evaluation(content, sha256(content))
