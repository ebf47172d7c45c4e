from __future__ import annotations

import pytest

from mlci.core.runs.seeds import SeedSummary, Spread, summary_of, trained_seeds
from tests.core.runs.records import a_record, kept


def test_summary__has_mean_deviation_and_range_of_what_all_logged() -> None:
    records = [
        a_record(
            seed=seed, metrics={"fit": value, "only": 1.0} if seed else {"fit": value}, model_sha256=str(seed) * 64
        )
        for seed, value in enumerate((2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0))
    ]
    summary = summary_of(records)
    assert summary is not None
    assert (summary.seeds, summary.models, list(summary.metrics)) == (8, 8, ["fit"])
    spread = summary.metrics["fit"]
    assert (spread.mean, spread.lowest, spread.highest) == (5.0, 2.0, 9.0)
    assert spread.deviation == pytest.approx((32 / 7) ** 0.5)


def test_summary__of_one_run_there_is_none() -> None:
    assert summary_of([a_record()]) is None


def test_summary__a_metric_that_is_no_number_somewhere_has_no_mean() -> None:
    records = [a_record(seed=0, metrics={"loss": "nan"}), a_record(seed=1, metrics={"loss": 1.0})]
    summary = summary_of(records)
    assert summary is not None
    assert summary.metrics == {}


def test_sentence__names_three_metrics_and_says_where_the_others_are() -> None:
    spread = Spread(0.5, 0.1, 0.4, 0.6)
    summary = SeedSummary(2, 1, {f"m{number}": spread for number in range(5)})
    assert summary.sentence == (
        "2 seeds, of which the first makes the candidate; all make the same model; m0 0.5 ± 0.1 (0.4 to 0.6); "
        "m1 0.5 ± 0.1 (0.4 to 0.6); m2 0.5 ± 0.1 (0.4 to 0.6); 2 more in `mlci runs list`"
    )


def test_trained_seeds__are_the_newest_that_made_a_model_from_these_inputs() -> None:
    older, newer = a_record(1, seed=0), a_record(2, seed=0, metrics={"loss": 0.1})
    others = [a_record(3, seed=1, outcome="failed"), a_record(3, seed=2, fingerprint="e" * 64)]
    assert trained_seeds(map(kept, [newer, older, *others]), "f" * 64) == {0: newer}
