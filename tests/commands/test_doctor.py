from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.doctor import Practice, doctor
from mlci.errors import OutsideError, UsageError
from mlci.formats.confinement import Confinement
from mlci.render.doctor_text import diagnoses_text
from tests.commands.builders import COMMAND, Project, a_configuration, a_project, a_released_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.diagnosis import Diagnosis
    from tests.conftest import Golden

CALLER = {".github/workflows/check.yml": b"uses: mlci/mlci/.github/workflows/mlci-check.yml@v1\n"}
ENOUGH = ("{metric: accuracy, require: floor, value: 0.5}",)


def practice(project: Project) -> Practice:
    """Return PROJECT with its files on disk, as `data status` wants them, and every program there."""
    for path in ("data/cells.csv", "data/holdout.csv"):
        file = project.repository.folder / path
        file.parent.mkdir(exist_ok=True)
        content = project.repository.work_tree().read(path)
        assert content is not None
        file.write_bytes(content)
    return Practice(
        repository=project.repository,
        tools=project.tools,
        base_commit=lambda: project.base,
        finds=lambda _: True,
        workflows=CALLER,
        refuse_unsigned=lambda _: None,
    )


def bad(found: tuple[Diagnosis, ...]) -> list[tuple[str, str, int]]:
    return [(each.state, each.subject, each.exit_code) for each in found if each.state != "ok"]


def test_doctor__of_what_is_ready(tmp_path: Path, golden: Golden) -> None:
    found = doctor(practice(a_released_project(tmp_path, *ENOUGH)))
    text = diagnoses_text(found)
    commit = next(each.sentence for each in found if each.subject == "repository").split()[0]
    golden("terminal/doctor-ready.txt", text.replace(commit, "0123456789") + "\n")
    assert bad(found) == []


def test_doctor__of_gates_that_the_rows_cannot_decide(tmp_path: Path, golden: Golden) -> None:
    gates = ("{metric: recall, require: floor, value: 0.99}", "{metric: recall, require: not_worse, margin: 0.01}")
    project = a_project(tmp_path, *gates)
    project.predictor.confinement = Confinement(landlock_abi=0, seccomp=False)
    found = doctor(
        replace(practice(project), workflows={}, base_commit=lambda: None, finds=lambda name: name != "python")
    )
    assert bad(found) == [
        ("warning", "repository", 0),
        ("warning", "evaluation set", 0),
        ("warning", "evaluation set", 0),
        ("error", "training", 1),
        ("warning", "confinement", 0),
        ("warning", "workflows", 0),
    ]
    golden("terminal/doctor-warnings.txt", diagnoses_text(found) + "\n")
    assert project.runner.runs == []


@pytest.mark.parametrize(
    ("configuration", "subject", "sentence"),
    [
        ("version: 2\n", "configuration", "version"),
        (a_configuration(*ENOUGH, environment="{install: uv}"), "training", "pyproject.toml"),
        (
            a_configuration(*ENOUGH, evaluate="{data: holdout, id: id, label: weight, positive: 1}"),
            "evaluation set",
            "weight",
        ),
        (
            a_configuration(
                "{metric: higher@profit, require: floor, value: 1}",
                evaluate="{data: holdout, id: id, label: malignant, positive: 1, metrics: {profit: 'gone.py:profit'}}",
            ),
            "evaluation set",
            "gone.py",
        ),
    ],
)
def test_doctor__of_a_configuration_that_cannot_work(
    tmp_path: Path, configuration: str, subject: str, sentence: str
) -> None:
    project = a_released_project(tmp_path, *ENOUGH)
    project.write(mlci_yaml=configuration)
    found = doctor(practice(project))
    assert bad(found) == [("error", subject, 2)]
    assert sentence in next(each.sentence for each in found if each.state == "error")


def test_doctor__without_a_configuration_says_so_as_any_verb(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    where = practice(project)
    project.repository.remove("mlci.yaml")
    with pytest.raises(UsageError, match="there is no mlci"):
        doctor(where)


def test_doctor__of_data_that_is_gone_says_so_once(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, *ENOUGH)
    where = practice(project)
    project.repository.remove("data/holdout.csv")
    assert bad(doctor(where)) == [("error", "data", 2)]


def test_doctor__of_rows_of_one_class(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, *ENOUGH)
    project.write(data__holdout_csv=some_rows(40, {row: f"{row},10,3,0" for row in range(40)}))
    found = doctor(practice(project))
    assert bad(found) == [("error", "evaluation set", 2)]


def test_doctor__of_a_store_without_the_package(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, *ENOUGH)
    project.store.archives.clear()
    found = doctor(practice(project))
    assert bad(found) == [("error", "store", 4)]
    assert found[-3].hint == "mlci verify v1.0.0"


def test_doctor__offline_looks_at_the_rest(tmp_path: Path) -> None:
    def unreachable() -> str:
        raise OutsideError("origin-unreachable", "the origin cannot be reached")

    found = doctor(replace(practice(a_released_project(tmp_path, *ENOUGH)), base_commit=unreachable))
    assert bad(found) == [("error", "repository", 5)]
    assert {each.subject for each in found} >= {"evaluation set", "training", "registry", "store"}


def test_doctor__where_only_others_can_sign(tmp_path: Path) -> None:
    def refuse(_: str) -> None:
        raise UsageError("signing-key", "no key is named here", hint="export MLCI_SIGNING_KEY=…")

    assert bad(doctor(replace(practice(a_released_project(tmp_path, *ENOUGH)), refuse_unsigned=refuse))) == [
        ("warning", "signing", 0)
    ]


def test_doctor__of_data_alone(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(mlci_yaml="version: 1\ndata: {cells: {path: data/cells.csv, contract: cells.yaml}}\n")
    found = doctor(practice(project))
    assert [(each.state, each.subject) for each in found] == [
        ("ok", "configuration"), ("ok", "repository"), ("ok", "data"),
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["cd src && make", "SEED=1 python train.py", "python 'train", COMMAND])
def test_doctor__asks_for_a_program_only_where_one_is_named(tmp_path: Path, command: str) -> None:
    asked: list[str] = []

    def finds(name: str) -> bool:
        asked.append(name)
        return True

    project = a_project(tmp_path, *ENOUGH)
    text = a_configuration(*ENOUGH).replace(f"run: {COMMAND}", f'run: "{command}"')
    project.write(mlci_yaml=text)
    assert bad(doctor(replace(practice(project), finds=finds))) == []
    assert asked == (["python"] if command == COMMAND else [])


def test_doctor__of_several_classes(tmp_path: Path) -> None:
    project = a_project(
        tmp_path,
        "{metric: f1_macro, require: floor, value: 0.99}",
        model="{name: tumour, task: multiclass}",
        evaluate="{data: holdout, id: id, label: malignant}",
    )
    assert bad(doctor(practice(project))) == [("warning", "evaluation set", 0)]
