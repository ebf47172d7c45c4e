"""The way of a pull request and a merge, typed as a user would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import normal

if TYPE_CHECKING:
    from tests.conftest import Golden
    from tests.e2e.conftest import Project


def report_of(project: Project) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((project.folder / ".mlci" / "report.json").read_text())
    return report


def test_a_detached_head__is_normal(released: Project) -> None:
    released.git("switch", "--quiet", "--detach", "HEAD")
    ended = released.mlci("check")
    assert (ended.exit_code, report_of(released)["conclusion"]) == (0, "nothing changed")


def test_a_better_model__passes_and_becomes_the_next_version(released: Project) -> None:
    released.git("switch", "--quiet", "--create", "all-features")
    released.put("all-features")
    released.commit()
    assert released.mlci("check").exit_code == 0
    assert released.mlci("report").exit_code == 0
    released.git("switch", "--quiet", "main")
    released.git("merge", "--quiet", "--no-ff", "all-features")
    released.git("push", "--quiet")
    assert "reused: same inputs" in released.mlci("train").out
    assert released.mlci("promote").out.startswith("v2.0.0 is in production, before v1.0.0\n")
    assert released.mlci("deploy", "live").out.startswith("live answers with v2.0.0, before v1.0.0\n")
    assert (released.place / "live" / "current" / "package.json").is_file()


def test_promote__a_second_time_says_that_nothing_is_to_be_done(released: Project) -> None:
    before = released.outside()
    ended = released.mlci("promote")
    assert (ended.exit_code, ended.out) == (0, "nothing to promote: v1.0.0 in production is this very package\n")
    assert released.outside() == before


def test_a_loosened_gate__is_judged_by_the_one_on_the_target_branch(promoted: Project) -> None:
    promoted.git("switch", "--quiet", "--create", "loosen-gates")
    promoted.put("loosen-gates")
    promoted.commit()
    ended = promoted.mlci("check")
    report = report_of(promoted)
    assert ended.exit_code == 1
    assert report["rule_changes"] == [
        {
            "direction": "looser",
            "effect": "takes effect after merge",
            "sentence": "loosens `recall` not_worse margin: 0.02 → 0.3",
            "subject": "gates",
        }
    ]
    failed = [gate for gate in report["gates"] if gate["outcome"] == "fail"]
    assert [(gate["metric"], gate["limit"], gate["origin"]) for gate in failed] == [("recall", "0.02", "base")]


@pytest.mark.needs("landlock")
def test_the_careless_change__turns_at_least_ten_malignant_rows_from_right_to_wrong(
    promoted: Project, golden: Golden
) -> None:
    promoted.git("switch", "--quiet", "--create", "weigh-malignant")
    promoted.put("weigh-malignant")
    promoted.commit()
    assert promoted.mlci("check").exit_code == 1
    assert report_of(promoted)["flips"] == {
        "positive_right_to_wrong": 12,
        "positive_wrong_to_right": 0,
        "right_to_wrong": 12,
        "wrong_to_right": 0,
    }
    assert promoted.mlci("report").exit_code == 1
    comment = promoted.folder / ".mlci" / "forge" / "weigh-malignant" / "comment.md"
    golden("comment-careless.md", normal(comment.read_text(), promoted.place))


def test_promote__of_a_branch_that_is_not_merged_is_refused(released: Project) -> None:
    released.git("switch", "--quiet", "--create", "words")
    released.git("commit", "--quiet", "--allow-empty", "--message", "Nothing that needs training")
    assert "reused: same inputs" in released.mlci("train").out
    before = released.outside()
    ended = released.mlci("promote")
    assert (ended.exit_code, ended.err.splitlines()[0]) == (
        2,
        "error[not-on-target]: HEAD is not on the branch that models are promoted from",
    )
    assert released.outside() == before


def test_promote__judges_by_the_rules_from_before_the_push(promoted: Project) -> None:
    promoted.put("loosen-gates")
    promoted.commit("The careless model and a looser gate")
    promoted.git("push", "--quiet")
    assert promoted.mlci("train").exit_code == 0
    before = promoted.outside()
    ended = promoted.mlci("promote")
    assert ended.exit_code == 1
    assert "error[promotion-refused]: not promoted: `recall` falls from 0.971 to 0.853" in ended.err
    assert promoted.outside() == before


def test_rollback__moves_the_stage_then_the_target_and_the_bad_version_cannot_come_back(promoted: Project) -> None:
    promoted.mlci("deploy", "live")
    ended = promoted.mlci("rollback", "--reason", "misses large cells")
    assert ended.out == (
        "v1.0.0 is in production again; v2.0.0 is quarantined\nlive still answers with v2.0.0: mlci deploy live\n"
    )
    assert "v2.0.0" in str((promoted.place / "live" / "current").readlink())
    assert promoted.mlci("deploy", "live").out.startswith("live answers with v1.0.0, before v2.0.0\n")
    refused = promoted.mlci("promote")
    assert (refused.exit_code, refused.err.splitlines()[0]) == (
        4,
        "error[quarantined]: tumour@v2.0.0 is quarantined: it can be neither promoted nor deployed",
    )


def test_a_quarantined_model__is_refused_in_the_pull_request_too(promoted: Project) -> None:
    assert promoted.mlci("rollback", "--reason", "misses large cells").exit_code == 0
    promoted.git("switch", "--quiet", "--create", "words")
    (promoted.folder / "README.md").write_text("# Other words\n")
    promoted.commit()
    ended = promoted.mlci("check")
    assert (ended.exit_code, report_of(promoted)["conclusion"]) == (1, "fail")
    assert "The candidate is tumour@v2.0.0, byte for byte, which is quarantined" in " ".join(ended.out.split())


def test_train__unless_promoted_by_what_an_earlier_fetch_brought(released: Project) -> None:
    ended = released.mlci("train", "--unless-promoted", "--no-fetch")
    assert (ended.exit_code, ended.out) == (0, "nothing to train: v1.0.0 in production has the same inputs\n")


@pytest.mark.slow
def test_train__says_what_nobody_could_check(fresh: Project) -> None:
    fresh.replace("train.py", "cells[FEATURES]", 'cells.drop(columns=["id", "malignant"]).to_numpy()')
    ended = fresh.mlci("train")
    assert ended.exit_code == 0, ended.err
    assert "· The model does not know the names of its columns: it was fitted on an array." in ended.err


def test_a_docs_only_change__is_answered_without_training(released: Project) -> None:
    (released.folder / "README.md").write_text("# Other words\n")
    released.commit()
    ended = released.mlci("check")
    assert (ended.exit_code, report_of(released)["conclusion"]) == (0, "nothing changed")
    assert "fitted on" not in ended.err


@pytest.mark.parametrize("name", ["candidate", "#production", "../live/current"])
def test_predict__answers_for_what_is_here_in_the_store_and_deployed(released: Project, name: str) -> None:
    rows = (released.folder / "data" / "holdout.csv").read_text().splitlines()[:2]
    (released.place / "row.csv").write_text("\n".join(rows) + "\n")
    ended = released.mlci("predict", name, "../row.csv")
    assert (ended.exit_code, ended.out) == (0, "row,probability,decision\n1,0.719798,1\n")
