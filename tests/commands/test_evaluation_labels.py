"""Scoring several labels at once: what base's rows hold, what children answer, and what fits neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typing_extensions import override

from mlci.commands.installed import Installed
from mlci.core.config import read_config
from mlci.core.fitted_signature import build_signature
from mlci.core.gates import Outcome
from mlci.core.package import Signature, build_package
from mlci.core.report import Conclusion
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError
from mlci.formats.archive import digest, pack
from mlci.render.markdown import comment
from mlci.testing import ScriptedModel, model_file
from tests.commands.builders import a_configuration, refused
from tests.commands.test_evaluation_tasks import SIZE, Scoring
from tests.commands.test_stated import a_project_of_predictions, answers

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.signature import ModelClass
    from mlci.testing.predictor import Columns
    from tests.commands.builders import Project
    from tests.conftest import Golden

NAMES = ("news", "sport", "arts")
ROW = np.arange(300)
LABELS = np.column_stack([ROW % 2 == 0, ROW % 3 == 0, ROW % 5 == 0])


def rows_of(labels: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = LABELS, **texts: str) -> bytes:
    """Return rows with a column for each label; TEXTS is what stands in the last row of some of them."""
    lines = [",".join(map(str, (row, row, *map(int, has)))) for row, has in enumerate(labels)]
    if texts:
        lines[-1] = ",".join(["299", "299", *(texts.get(name, "0") for name in NAMES)])
    return "\n".join([f"id,size,{','.join(NAMES)}", *lines, ""]).encode()


def decides(wrong_every: int, *, columns: tuple[int, ...] = (0, 1, 2), scale: float = 1.0) -> ScriptedModel:
    """Return a model that is wrong about the second label in every so many rows; COLUMNS is the order of its labels."""

    def probability(given: Columns) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        row = given["size"].astype(int)
        decided = np.column_stack([row % 2 == 0, (row % 3 == 0) ^ (row % wrong_every == 0), row % 5 == 0])
        return np.where(decided, 0.9, 0.2)[:, list(columns)] * scale

    return ScriptedModel(("size",), probability, None, labels=len(columns), estimator="RandomForestClassifier")


@dataclass
class LabelScoring(Scoring):
    """An evaluation set with several labels."""

    label: str = "[news, sport, arts]"

    @override
    def package(self, name: str, classes: tuple[ModelClass, ...] = NAMES, version: str | None = None) -> Installed:
        signature = Signature(inputs=(SIZE,), classes=classes, threshold=0.5)
        package = build_package(model_file(name), "Any", signature, {"skops": "0.13.0"}, read_config(self.written()))
        return Installed(package, digest(pack(package.files)), version)

    @override
    def written(self) -> bytes:
        return a_configuration(
            *self.gates,
            model=f"{{name: tumour, task: {self.task}}}",
            evaluate=f"{{data: holdout, id: id, label: {self.label}{self.more}}}",
            data="{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv}}",
        ).encode()


@pytest.fixture
def labels(tmp_path: Path) -> LabelScoring:
    models = {"good": decides(20), "bad": decides(3), "reordered": decides(20, columns=(2, 0, 1))}
    gates = (
        "{metric: exact_match, require: not_worse, margin: 0.05}",
        "{metric: f1@sport, require: floor, value: 0.8}",
        "{metric: hamming_loss, require: ceiling, value: 0.1}",
    )
    return LabelScoring(tmp_path, "multilabel", rows_of(), models, gates)


def test_multilabel__both_models_on_the_same_rows(labels: LabelScoring) -> None:
    verdict = labels.verdict(labels.package("good"), labels.package("bad", version="v1.0.0"))
    assert verdict.outcome is Outcome.PASS
    assert [(round(each.candidate or 0, 3), round(each.production or 0, 3)) for each in verdict.results] == [
        (0.95, 0.667), (0.927, 0.0), (0.017, 0.111),
    ]  # fmt: skip


def test_multilabel__a_worse_candidate_fails_by_rows_that_changed_sides(labels: LabelScoring) -> None:
    verdict = labels.verdict(labels.package("bad"), labels.package("good", version="v1.0.0"))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.results[0].flipped == (95, 10)
    assert verdict.flips is not None
    assert (len(verdict.flips.right_to_wrong), verdict.positives) == (95, None)


def test_multilabel__the_order_of_a_models_labels_does_not_matter(labels: LabelScoring) -> None:
    other = labels.package("reordered", ("arts", "news", "sport"), "v1.0.0")
    verdict = labels.verdict(labels.package("good"), other)
    assert (verdict.results[0].candidate, verdict.results[0].production) == (0.95, 0.95)


def test_multilabel__equal_bytes_under_other_names_are_another_model(labels: LabelScoring) -> None:
    other = labels.package("good", ("sport", "news", "arts"), "v1.0.0")
    assert labels.verdict(labels.package("good"), other).results[0].production != 0.95


def test_multilabel__the_threshold_decides_every_label(labels: LabelScoring) -> None:
    labels.more = ", threshold: 0.95"
    assert labels.verdict(labels.package("good")).results[2].candidate == pytest.approx(LABELS.mean(), abs=1e-12)


def test_multilabel__labels_that_lie_elsewhere(labels: LabelScoring) -> None:
    apart = a_configuration(
        *labels.gates,
        model="{name: tumour, task: multilabel}",
        evaluate="{data: holdout, id: id, label: [news, sport, arts], labels: truth}",
        data="{cells: {path: data/cells.csv}, holdout: {path: data/holdout.csv}, truth: {path: data/truth.csv}}",
    ).encode()
    from mlci.commands.labelled_rows import set_of  # noqa: PLC0415 - for one test
    from mlci.core.rules import effective  # noqa: PLC0415 - for one test
    from mlci.core.side import Side  # noqa: PLC0415 - for one test
    from mlci.testing import MemoryData, MemoryTree  # noqa: PLC0415 - for one test

    lines = [line.split(",") for line in rows_of().decode().splitlines()]
    truth = "\n".join(",".join([line[0], *line[2:]]) for line in lines)
    rows = "\n".join(",".join(line[:2]) for line in lines)
    rules, _ = effective(None, Side(read_config(apart), {}))
    tree = MemoryTree({"data/holdout.csv": f"{rows}\n".encode(), "data/truth.csv": f"{truth}\n".encode()})
    found = set_of(rules, tree, data=MemoryData(), objects=labels.place)
    assert (found.labels(found.read({})) == LABELS).all()


def told(scoring: LabelScoring, name: str = "good") -> MlciError:
    with pytest.raises(MlciError) as caught:
        scoring.verdict(scoring.package(name))
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "problem"),
    [
        ("2", "label-not-binary", "`sport` is neither 0 nor 1 in row 300 of the evaluation set (1 in all)"),
        ("0.5", "label-not-binary", "`sport` is neither 0 nor 1 in row 300 of the evaluation set (1 in all)"),
        ("", "label-missing", "`sport` is empty in row 300 of the evaluation set (1 in all)"),
    ],
)
def test_multilabel__values_that_are_no_label(labels: LabelScoring, text: str, code: str, problem: str) -> None:
    labels.rows = rows_of(sport=text)
    error = told(labels)
    assert (type(error), error.code, error.problem, error.where) == (UsageError, code, problem, "data/holdout.csv")


def test_multilabel__a_text_in_place_of_a_label(labels: LabelScoring) -> None:
    labels.rows = rows_of(sport="yes")
    error = told(labels)
    assert (type(error), error.code) == (RejectedError, "data-ill-typed")


def test_multilabel__a_label_that_the_rows_lack(labels: LabelScoring) -> None:
    labels.label = "[news, sports]"
    labels.gates = labels.gates[:1]
    with pytest.raises(UsageError) as caught:
        labels.verdict(labels.package("good", ("news", "sports")))
    error = caught.value
    assert (error.code, error.problem) == ("column-missing", "the evaluation set has no column `sports`")
    assert error.hint == "Did you mean `sport`?"


def test_multilabel__a_label_that_no_row_has_leaves_its_gates_open(labels: LabelScoring) -> None:
    never = LABELS.copy()
    never[:, 2] = False
    labels.rows = rows_of(never)
    labels.gates = ("{metric: recall@arts, require: floor, value: 0.5}",)
    verdict = labels.verdict(labels.package("good"))
    assert (verdict.outcome, verdict.results[0].rows) == (Outcome.INCONCLUSIVE, 0)


def test_multilabel__a_candidate_that_lacks_a_label(labels: LabelScoring) -> None:
    labels.models["two"] = decides(20, columns=(0, 1))
    with pytest.raises(UsageError) as caught:
        labels.verdict(labels.package("two", ("news", "sport")))
    assert (caught.value.code, caught.value.problem) == (
        "labels-differ",
        "the candidate does not answer the label `arts`, which the rules judge by",
    )


def test_multilabel__production_that_lacks_a_label(labels: LabelScoring) -> None:
    labels.models["two"] = decides(20, columns=(0, 1))
    verdict = labels.verdict(labels.package("good"), labels.package("two", ("news", "sport"), "v1.0.0"))
    assert (verdict.outcome, verdict.not_comparable) == (
        Outcome.NOT_COMPARABLE,
        "production v1.0.0 does not answer the label `arts`",
    )


@pytest.mark.parametrize("columns", [(0, 1), (0, 1, 2, 0)])
def test_multilabel__a_signature_that_lies_about_labels(labels: LabelScoring, columns: tuple[int, ...]) -> None:
    labels.models["other"] = decides(20, columns=columns)
    error = told(labels, "other")
    assert (type(error), error.code, error.exit_code) == (IntegrityError, "signature-differs", 4)


def test_multilabel__a_model_of_one_question(labels: LabelScoring) -> None:
    labels.models["one"] = ScriptedModel(("size",), lambda given: given["size"] / 300)
    assert told(labels, "one").code == "signature-differs"


def test_signature__takes_the_labels_in_the_order_of_the_configuration(labels: LabelScoring) -> None:
    found = build_signature(("size",), 1, None, read_config(labels.written()), None, labels=3)
    assert (found.classes, found.threshold, found.positive, found.is_multilabel) == (NAMES, 0.5, None, True)
    assert [each.name for each in found.outputs] == [
        *(f"probability_{name}" for name in NAMES), *(f"decision_{name}" for name in NAMES),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("task", "label", "classes", "count", "code", "problem"),
    [
        (
            "multilabel",
            "[news, sport, arts]",
            (0, 1),
            None,
            "not-multilabel",
            "the model, a `Tree`, answers one question; a multilabel task asks for 3 labels at once",
        ),
        (
            "multilabel",
            "[news, sport, arts]",
            None,
            2,
            "labels-differ",
            "the model answers 2 labels, and evaluate.label names 3",
        ),
        (
            "multiclass",
            "news",
            None,
            3,
            "several-labels",
            "the model, a `Tree`, answers 3 labels at once; a multiclass task asks one question",
        ),
        (
            "multilabel",
            "[size, sport]",
            None,
            2,
            "label-as-feature",
            "the model reads `size`, which is one of the labels",
        ),
    ],
)
def test_signature__of_a_model_that_answers_something_else(
    labels: LabelScoring,
    task: str,
    label: str,
    classes: tuple[int, ...] | None,
    count: int | None,
    code: str,
    problem: str,
) -> None:
    labels.task, labels.label, labels.gates = task, label, ("{metric: churn, require: ceiling, value: 0.5}",)
    config = read_config(labels.written())
    with pytest.raises(UsageError) as caught:
        build_signature(("size",), 1, classes, config, None, estimator="Tree", labels=count)
    assert (caught.value.code, caught.value.problem) == (code, problem)


GATE = "{metric: f1_micro, require: floor, value: 0.5}"
ROWS = "id,size,news,sport\na,1,1,0\nb,2,0,1\nc,3,1,1\n"
OF_LABELS = {
    "model": "{name: tumour, task: multilabel}",
    "data": "{cells: {path: data/cells.csv}, holdout: {path: data/rows.csv}}",
    "evaluate": "{data: holdout, id: id, label: [news, sport]}",
}
SAID = b"id,probability_sport,other,probability_news\nc,0.9,9,0.8\na,0.1,9,0.9\nb,0.7,9,0.6\n"


def hands_in(place: Path, content: bytes, **changes: str) -> Project:
    """Return a project that hands in predictions of labels, landed with the rows that they are for."""
    project = a_project_of_predictions(place, content, GATE, **OF_LABELS, **changes)
    project.write(data__rows_csv=ROWS)
    project.land("Rows")
    return project


def test_check__predictions_of_labels(tmp_path: Path) -> None:
    project = hands_in(tmp_path, SAID)
    report = project.check()
    assert report.conclusion in {Conclusion.FIRST, Conclusion.INCONCLUSIVE}
    assert report.verdict is not None
    assert report.verdict.results[0].candidate == pytest.approx(8 / 9, abs=1e-12)


def answers_to_labels(wrong_every: int) -> bytes:
    said = np.where(LABELS ^ np.column_stack([ROW < 0, ROW % wrong_every == 0, ROW < 0]), 0.9, 0.2)
    lines = [",".join(map(str, (row, *each))) for row, each in enumerate(said.tolist())]
    return "\n".join([f"id,{','.join(f'probability_{name}' for name in NAMES)}", *lines, ""]).encode()


def test_check__of_labels_is_one_report(tmp_path: Path, golden: Golden) -> None:
    gates = (
        "{metric: exact_match, require: not_worse, margin: 0.05}",
        "{metric: f1_micro, require: not_worse, margin: 2%}",
        "{metric: recall@sport, require: floor, value: 0.9}",
        "{metric: hamming_loss, require: ceiling, value: 0.1}",
        "{metric: roc_auc_macro, require: not_worse, margin: 0.01, severity: warn}",
    )
    changes = OF_LABELS | {"evaluate": "{data: holdout, id: id, label: [news, sport, arts]}"}
    project = a_project_of_predictions(tmp_path, answers_to_labels(40), *gates, **changes)
    project.write(data__rows_csv=rows_of().decode())
    project.land("Rows")
    project.train()
    project.promote()
    answers(project, answers_to_labels(4))
    report = project.check()
    assert report.conclusion is Conclusion.FAIL
    golden("comment/labels.md", comment(report))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (SAID.replace(b"probability_news", b"probability_new"), "answers.csv has no column `probability_news`"),
        (
            SAID.replace(b"c,0.9", b"c,1.2"),
            "answers.csv cannot be used: row 1 has a probability outside of 0 to 1",
        ),
        (SAID.replace(b"c,0.9", b"c,nan"), "answers.csv cannot be used: row 1 has no finite number"),
    ],
)
def test_train__predictions_that_lack_a_label_or_are_no_probabilities(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    error = refused(hands_in(tmp_path, content), "train")
    assert (error.code, error.problem) == ("predictions-unusable", problem)


def test_train__labels_under_names_of_their_own(tmp_path: Path) -> None:
    content = SAID.replace(b"probability_sport", b"p(sport)").replace(b"probability_news", b"p(news)")
    project = hands_in(tmp_path, content)
    written = (project.repository.folder / "mlci.yaml").read_text(encoding="utf-8")
    project.write(mlci_yaml=written.replace("[news, sport]}", '[news, sport], prediction: "p(*)"}'))
    signature = project.train().candidate.package.info.signature
    assert (signature.classes, signature.is_multilabel) == (("news", "sport"), True)
    answers(project, content.replace(b"p(news)", b"p(nows)"))
    error = refused(project, "train")
    assert (error.problem, error.hint) == ("answers.csv has no column `p(news)`", "Did you mean `p(nows)`?")
