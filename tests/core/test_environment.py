from __future__ import annotations

import pytest

from mlci.core.environment import plan
from mlci.core.training_sections import EnvironmentSection
from mlci.errors import UsageError
from mlci.testing import MemoryTree

TEXTS = {
    "requirements.txt": b"-r more/base.txt\nnumpy==2  # -r comment.txt\n--constraint=limits.txt\n-r ../../out.txt\n",
    "more/base.txt": b"-r ../requirements.txt\n--requirement other.txt\n",
}
IDS = {
    "requirements.txt": "1",
    "more/base.txt": "2",
    "more/other.txt": "3",
    "limits.txt": "4",
    "comment.txt": "5",
    "environment.yml": "6",
}


def test_plan__of_pip_knows_the_files_that_requirements_include() -> None:
    made = plan(EnvironmentSection(install="pip", python="3.12"), IDS, TEXTS.get)
    assert made is not None
    assert list(made.files) == [
        "limits.txt", "more/base.txt", "more/other.txt", "requirements.txt",
    ]  # fmt: skip
    assert made.command.startswith('python3.12 -m venv "$MLCI_ENVIRONMENT" && ')


def test_plan__of_pip_takes_an_included_file_above_by_its_id_and_what_it_may_include() -> None:
    tree = MemoryTree(
        {
            "requirements.txt": b"-r ../requirements.txt\n",
            "../requirements.txt": b"-c constraints.txt\n",
            "../constraints.txt": b"",
            "../notes.txt": b"",
        }
    )
    ids = {**tree.ids(), **tree.ids_above(["../"])}
    made = plan(EnvironmentSection(install="pip"), ids, tree.read)
    assert made is not None
    assert made.files == {path: ids[path] for path in ("../constraints.txt", "../requirements.txt", "requirements.txt")}


PROJECTS = {"pyproject.toml": "1", "../pyproject.toml": "2", "../../pyproject.toml": "3", "../../uv.lock": "4"}


@pytest.mark.parametrize(
    ("ids", "files"),
    [
        (PROJECTS, PROJECTS),
        (PROJECTS | {"../uv.lock": "5"}, {"pyproject.toml": "1", "../pyproject.toml": "2", "../uv.lock": "5"}),
        (PROJECTS | {"uv.lock": "5"}, {"pyproject.toml": "1", "uv.lock": "5"}),
    ],
)
def test_plan__of_uv_knows_the_nearest_lock_and_the_projects_below_it(
    ids: dict[str, str], files: dict[str, str]
) -> None:
    made = plan(EnvironmentSection(install="uv"), ids, TEXTS.get)
    assert made is not None
    assert dict(made.files) == files


@pytest.mark.parametrize(
    ("ids", "missing"), [({"pyproject.toml": "1"}, "uv.lock"), ({"../uv.lock": "1"}, "pyproject.toml")]
)
def test_plan__of_uv_without_lock_or_project(ids: dict[str, str], missing: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan(EnvironmentSection(install="uv"), ids, TEXTS.get)
    assert (caught.value.code, caught.value.problem) == (
        "lock-missing",
        f"environment.install needs {missing}, and Git has none beside mlci.yaml or in a folder above",
    )


def test_plan__a_lock_comes_before_requirements() -> None:
    made = plan(EnvironmentSection(install="pip"), IDS | {"requirements.lock": "9"}, TEXTS.get)
    assert made is not None
    assert made.command.endswith(" --requirement requirements.lock")


def test_plan__of_a_command_knows_the_files_that_it_names_and_shows_no_secret() -> None:
    command = "conda env create --file ./environment.yml --password hunter2hunter2"
    made = plan(EnvironmentSection(install=command), IDS, TEXTS.get)
    assert made is not None
    assert (made.command, dict(made.files), made.secrets) == (command, {"environment.yml": "6"}, ("hunter2hunter2",))
    assert "hunter2" not in f"{made!r}{made.to_dict()}".replace(f"command={command!r}", "")
    assert plan(EnvironmentSection(install=command), IDS | {"environment.yml": "7"}, TEXTS.get) != made


def test_plan__without_an_install_there_is_none() -> None:
    assert plan(EnvironmentSection(), IDS, TEXTS.get) is None


def test_plan__a_quote_that_never_closes_is_the_shells_to_refuse() -> None:
    made = plan(EnvironmentSection(install="make 'environment.yml"), IDS, TEXTS.get)
    assert made is not None
    assert made.files == {}
