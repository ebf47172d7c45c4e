"""The sealed set in a promotion: what is spent, what is told, and what is not."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.commands.marking import quarantine
from mlci.core.judging_sections import StatisticsSection
from mlci.core.registry import Registry
from mlci.core.registry.looks import newest_sealed_set
from mlci.core.sealed import status_of
from mlci.core.sealed_section import SealedSection
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.render.sealed_text import status_text
from mlci.testing import ScriptedModel
from tests.commands.builders import ANA, CONTRACT, MODEL, MODELS, Project, a_configuration, a_project, some_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.testing.predictor import Columns
    from tests.conftest import Golden

DATA = (
    "{cells: {path: data/cells.csv, contract: cells.yaml}, holdout: {path: data/holdout.csv, contract: cells.yaml}, "
    "vault: {path: vault.csv}}"
)
SEALED = "sealed: {data: vault, looks: 3, passes: 2}"
SECRET_ROWS = 400
HITS = "def hits(labels, predictions):\n    return float(((predictions > 0.5) == labels).mean())\n"


def vault(*, first: int = 1000) -> bytes:
    """Return the sealed rows, whose ids nobody else has."""
    rows = [f"{first + row},{20 if row % 2 else 10},{row // 2 % 10},{row % 2}" for row in range(SECRET_ROWS)]
    return "\n".join(["id,radius,texture,malignant", *rows, ""]).encode()


def seal(project: Project, rows: bytes | None = None) -> Project:
    (project.repository.folder / "vault.csv").write_bytes(vault() if rows is None else rows)
    return project


def a_sealed_project(place: Path, sealed: str = SEALED, *gates: str) -> Project:
    """Return a project with `present` in production, and a sealed set that was never opened since then."""
    project = seal(a_project(place, *gates, extra=sealed, data=DATA), vault(first=100_000))
    project.train()
    project.promote()
    return seal(project)


def looked(project: Project) -> list[str]:
    """Return what was told of the looks since the first promotion, which opened other rows."""
    return [event.reason for event in project.history.events if event.type == "look"][1:]


def fails_in_the_vault(columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Answer right where there are as many rows as everybody knows, and wrong where there are more."""
    is_large = np.asarray(columns["radius"]) > 15
    return np.where(is_large != (len(is_large) == SECRET_ROWS), 0.9, 0.1)


def test_promote__with_a_candidate_that_passes_the_sealed_set(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path)
    assert project.release("careful").version == "v1.1.0"
    assert [event.type for event in project.history.events[-3:]] == ["look", "register", "assign"]
    assert looked(project) == ["pass"]


def test_promote__with_a_candidate_that_does_not_pass_it_tells_nothing_else(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path)
    project.predictor.models["careful"] = ScriptedModel(("radius", "texture"), fails_in_the_vault)
    with pytest.raises(RejectedError) as caught:
        project.release("careful")
    assert caught.value.to_dict() == {
        "code": "sealed-set-not-passed",
        "problem": "not promoted: the candidate did not pass the sealed set",
        "where": None,
        "cause": "More is not told, so that the next candidate cannot be chosen by these rows.",
        "hint": "mlci sealed status says how many looks are left; a candidate that is clearly better passes",
        "exit_code": 1,
    }
    assert (looked(project), project.production.number) == (["not passed"], "v1.0.0")
    assert not any(b"vault" in content for content in project.work.files.values())


def test_promote__again_with_the_same_model_spends_nothing(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path)
    project.predictor.models["careful"] = ScriptedModel(("radius", "texture"), fails_in_the_vault)
    with pytest.raises(RejectedError):
        project.release("careful")
    with pytest.raises(RejectedError, match="did not pass"):
        project.promote()
    assert looked(project) == ["not passed"]


def test_promote__the_same_model_by_other_code_of_a_function_spends_another_look(tmp_path: Path) -> None:
    gate = "{metric: higher@hits, require: floor, value: 0.5}"
    section = '{data: holdout, id: id, label: malignant, positive: 1, metrics: {hits: "metrics.py:hits"}}'
    project = seal(a_project(tmp_path, gate, extra=SEALED, data=DATA, evaluate=section), vault(first=100_000))
    project.write(metrics_py=HITS)
    project.land("Count hits")
    project.write(README_md="# Hits are counted\n")
    project.land("Say so")  # the rules are those from before the push
    project.train()
    project.promote()
    seal(project).predictor.models["careful"] = ScriptedModel(("radius", "texture"), fails_in_the_vault)
    with pytest.raises(RejectedError, match="did not pass"):
        project.release("careful")
    with pytest.raises(RejectedError, match="did not pass"):
        project.promote()
    assert looked(project) == ["not passed"]
    project.write(metrics_py=f"{HITS}# counted anew\n")
    project.land("Count anew")
    project.write(README_md="# The rules are those from before the push\n")
    project.land("Describe")
    project.train()
    with pytest.raises(RejectedError, match="did not pass"):
        project.promote()
    assert looked(project) == ["not passed", "not passed"]


def test_promote__beyond_the_budget_is_refused_before_anything_is_judged(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path, "sealed: {data: vault, looks: 1, passes: 1}")
    project.release("careful")
    project.predictor.models["tied"] = MODELS["careful"]
    asked: list[int] = []
    project.predictor.models["tied"] = ScriptedModel(("radius", "texture"), _counting(asked))
    with pytest.raises(RejectedError) as caught:
        project.release("tied")
    assert caught.value.code == "sealed-set-spent"
    assert SECRET_ROWS not in asked
    assert len(looked(project)) == 1


def _counting(asked: list[int]) -> Callable[[Columns], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    def probability(columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        asked.append(len(columns["radius"]))
        return np.where(np.asarray(columns["radius"]) > 15, 0.9, 0.1)

    return probability


def wrong_in_some_of_the_vault(columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Answer wrong in so many sealed rows that the margin holds at 95 %, and not beyond."""
    is_large = np.asarray(columns["radius"]) > 15
    places = np.zeros(len(is_large), dtype=np.bool_)
    if len(is_large) == SECRET_ROWS:
        right_before = np.flatnonzero(np.asarray(columns["texture"]) != 0)
        places[right_before[:MANY]] = True
    return np.where(is_large != places, 0.9, 0.1)


MANY = 43


@pytest.mark.parametrize(("looks", "told"), [(1, ["pass"]), (1000, ["not passed"])])
def test_promote__what_the_sealed_set_proves_only_at_the_ordinary_level_does_not_pass(
    looks: int, told: list[str], tmp_path: Path
) -> None:
    project = a_sealed_project(tmp_path, f"sealed: {{data: vault, looks: {looks}, passes: 1}}")
    project.predictor.models["careful"] = ScriptedModel(("radius", "texture"), wrong_in_some_of_the_vault)
    with contextlib.suppress(RejectedError):
        project.release("careful")
    assert looked(project) == told


@pytest.mark.parametrize(("looks", "told"), [(1, ["pass"]), (1000, ["not passed"])])
def test_promote__the_further_out_the_bound_of_a_look_the_more_rows_must_change(
    looks: int, told: list[str], tmp_path: Path
) -> None:
    gate = "{metric: f1, require: not_worse, margin: 0.5}"  # which 83 changes of 400 rows keep at any confidence
    project = a_sealed_project(tmp_path, f"sealed: {{data: vault, looks: {looks}, passes: 1}}", gate)
    project.predictor.models["careful"] = ScriptedModel(("radius", "texture"), wrong_in_some_of_the_vault)
    with contextlib.suppress(RejectedError):
        project.release("careful")
    assert looked(project) == told


@pytest.mark.parametrize("looks", [1, 1000])
def test_promote__a_regression_is_proven_by_fewer_changes_than_a_look_wants(looks: int, tmp_path: Path) -> None:
    gate = "{metric: log_loss, require: no_proven_regression}"
    project = a_sealed_project(tmp_path, f"sealed: {{data: vault, looks: {looks}, passes: 1}}", gate)
    project.predictor.models["careful"] = ScriptedModel(("radius", "texture"), fails_in_the_vault)
    with contextlib.suppress(RejectedError):
        project.release("careful")
    assert looked(project) == ["not passed"]


def test_promote__of_a_candidate_that_the_gates_refuse_opens_nothing(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path)
    with pytest.raises(RejectedError, match="not promoted"):
        project.release("careless")
    assert looked(project) == []


def test_promote__without_the_rows_says_so_and_no_more(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path)
    (project.repository.folder / "vault.csv").unlink()
    with pytest.raises(UsageError) as caught:
        project.release("careful")
    assert (caught.value.code, caught.value.problem) == (
        "sealed-set-unusable",
        "nothing can be judged on the sealed set (data-missing)",
    )


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (some_rows(5, {3: "secret,x,1,1"}), "data-ill-typed"),
        (b"id,radius,texture,malignant\n9001,20,1,0\n9001,20,1,1\n", "id-not-unique"),
        (b"id,radius,texture,malignant\n9001,20,1,0\n", "positive-absent"),
    ],
)
def test_promote__with_broken_rows_shows_none_of_them(rows: bytes, code: str, tmp_path: Path) -> None:
    project = seal(a_sealed_project(tmp_path), rows)
    with pytest.raises(UsageError) as caught:
        project.release("careful")
    told = caught.value.to_dict()
    assert (told["code"], told["problem"]) == (
        "sealed-set-unusable",
        f"nothing can be judged on the sealed set ({code})",
    )
    assert not any(secret in str(told) for secret in ("9001", "secret", "row "))
    assert looked(project) == []


def test_open_case__a_sealed_set_in_git_is_none(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path)
    project.write(vault_csv=vault())
    project.land("Everybody may read this")
    with pytest.raises(UsageError) as caught:
        project.check()
    assert (caught.value.code, caught.value.where) == ("sealed-set-readable", "vault.csv")


def test_promote__a_model_that_is_quarantined_during_the_look_stays_out(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path, "sealed: {data: vault, looks: 9, passes: 9}")
    project.release("careful")
    project.release("narrow")

    def meanwhile(columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        if len(columns["radius"]) == SECRET_ROWS:
            quarantine(MODEL, "v1.1.0", reason="leaked", actor=ANA, registry=project.registry, clock=project.clock)
        return MODELS["careful"].probability(columns)

    project.predictor.models["careful"] = ScriptedModel(("radius", "texture"), meanwhile)
    project.write(cells_yaml=CONTRACT.replace("micrometre", "µm"))
    with pytest.raises(IntegrityError) as caught:
        project.release("careful")
    assert caught.value.code == "quarantined"
    assert caught.value.problem.startswith("tumour@v1.1.0 is quarantined")
    assert project.production.number == "v2.0.0"


def test_promote__other_rows_have_a_budget_of_their_own(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path, "sealed: {data: vault, looks: 1, passes: 1}")
    project.release("careful")
    first = newest_sealed_set(project.history)
    seal(project, vault(first=5000))
    project.predictor.models["tied"] = MODELS["careful"]
    project.write(params_yaml="C: 2\n")
    project.release("tied")
    assert looked(project) == ["pass", "pass"]
    assert newest_sealed_set(project.history) != first


def test_promote__a_pull_request_that_unseals_is_judged_by_the_seal(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path)
    before = project.base
    project.write(mlci_yaml=a_configuration(data=DATA))
    project.trains("careful")
    project.land("Unseal, and train")
    project.train()
    project.promote(base=before)
    assert looked(project) == ["pass"]


def test_status__before_and_after(tmp_path: Path, golden: Golden) -> None:
    project = a_sealed_project(tmp_path)
    section = SealedSection(data="vault", looks=3, passes=1)
    before = status_of(section, StatisticsSection(), Registry.empty(MODEL))
    project.release("careful")
    after = status_of(section, StatisticsSection(), project.history)
    assert (before.to_dict()["looks_left"], after.to_dict()["looks_left"], after.to_dict()["retired"]) == (3, 0, True)
    fewer = status_of(SealedSection(data="vault", looks=3, passes=2), StatisticsSection(), project.history)
    golden("terminal/sealed-status.txt", "\n\n".join(map(status_text, (before, fewer, after))) + "\n")


def test_first_promotion__opens_the_sealed_set_for_its_floors(tmp_path: Path) -> None:
    project = seal(a_project(tmp_path, extra=SEALED, data=DATA))
    project.train()
    assert project.promote().verdict == "first"
    assert [event.type for event in project.history.events] == ["look", "register", "assign"]


def test_ledger__with_two_answers_for_one_model_is_broken(tmp_path: Path) -> None:
    project = a_sealed_project(tmp_path)
    project.release("careful")
    with pytest.raises(IntegrityError):
        status_of(SealedSection(data="vault", looks=1, passes=1), StatisticsSection(), project.history).ledger.after(
            project.history.events[-3].judged or "", passed=False
        )
