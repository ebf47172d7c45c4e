from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.core.runs import RunDetails
from mlci.core.runs.listing import newest_first
from mlci.render.runs_text import run_text, runs_text
from tests.core.runs.records import DETAILS, a_record, kept

if TYPE_CHECKING:
    from mlci.core.runs.parameters import Plain
    from tests.conftest import Golden

RUNS = newest_first(
    [
        kept(a_record(0)),
        kept(
            a_record(
                7, params={"C": 1, "kind": "boosted", "key": "(withheld)"}, metrics={"loss": 1e-7, "auc": 0.9123456}
            )
        ),
        kept(a_record(95, params={"C": None, "kind": True}, metrics={"loss": "nan"}, outcome="failed")),
        kept(a_record(1_500, outcome="interrupted", metrics={})),
    ]
)


def test_runs_text__shows_in_what_the_runs_differ(golden: Golden) -> None:
    golden("terminal/runs-list.txt", runs_text(RUNS, len(RUNS)) + "\n")


def test_runs_text__says_what_it_leaves_out(golden: Golden) -> None:
    wide: list[dict[str, Plain]] = [{f"p{place}": run for place in range(9)} for run in range(2)]
    runs = [kept(a_record(place, params=params)) for place, params in enumerate(wide)]
    golden("terminal/runs-list-wide.txt", runs_text(runs, 10_000) + "\n")


def test_runs_text__says_which_were_shared(golden: Golden) -> None:
    runs = [replace(RUNS[0], where="shared"), RUNS[1]]
    golden("terminal/runs-list-shared.txt", runs_text(runs, 2) + "\n")


def test_runs_text__of_several_seeds_says_which(golden: Golden) -> None:
    runs = [kept(a_record(seed, seed=seed, metrics={"loss": 0.5 + seed / 8})) for seed in range(3)]
    golden("terminal/runs-list-seeds.txt", runs_text(runs, 3) + "\n")


def test_runs_text__before_the_first() -> None:
    assert runs_text([], 0) == "no run yet: mlci train makes the first"


def test_run_text__shows_all_that_is_known(golden: Golden) -> None:
    golden("terminal/runs-show.txt", run_text(kept(a_record()), DETAILS) + "\n")


def test_run_text__of_a_run_that_failed(golden: Golden) -> None:
    record = a_record(outcome="failed", params={}, metrics={})
    golden("terminal/runs-show-failed.txt", run_text(kept(record), None) + "\n")


def test_run_text__nothing_hostile_gets_through() -> None:
    hostile = "\x1b[31mred\n\N{RIGHT-TO-LEFT OVERRIDE}"
    record = a_record(params={hostile: hostile}, metrics={hostile: 1.0}, command=hostile)
    details = RunDetails(dirty_paths=(hostile,), left_out=(hostile,))
    text = run_text(kept(record), details) + runs_text([kept(record), kept(a_record())], 2)
    assert not {"\x1b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(text)
