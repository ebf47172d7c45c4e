"""`.mlci/` on a disk that is full of surprises; what every workbench must do stands in tests/testing."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlci.adapters.work_folder import WorkFolder
from mlci.core.config import read_config
from mlci.core.package import Input, Package, Signature, build_package
from mlci.core.runs import Cost, KeptModel, RunDetails, RunRecord
from mlci.core.runs.record import run_id
from mlci.core.submission import ARCHIVE, RECORD, Submission
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError

ROOT = Path(__file__).parents[2]
FINGERPRINT = "a" * 64
MODEL = Path("trained") / ("a" * 16)
CONFIG = read_config(b"""\
version: 1
model: {name: tumour, task: binary}
data: {cells: {path: cells.csv}}
train: {run: python train.py, data: [cells], model: model.skops}
evaluate: {data: cells, id: id, label: malignant, positive: 1}
promote: {store: {directory: ../models}}
""")


def a_model(run: str = "1" * 16) -> KeptModel:
    return KeptModel(
        fingerprint=FINGERPRINT,
        run=run,
        model_sha256="d" * 64,
        description={"estimator": "LogisticRegression"},
        requirements={"numpy": "2.2.0"},
    )


DETAILS = RunDetails(code={"train.py": "1" * 40})


def a_run(seconds: float = 1.5) -> RunRecord:
    return RunRecord(
        fingerprint=FINGERPRINT,
        inputs={"command": "python train.py"},
        commit="c" * 40,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        outcome="trained",
        command="python train.py",
        cost=Cost(wall_seconds=seconds),
        details_sha256=DETAILS.sha256,
    )


def a_package(model: bytes = b"model") -> Package:
    signature = Signature(inputs=(Input(name="radius", type="number"),), classes=(0, 1), positive=1, threshold=0.5)
    return build_package(model, "LogisticRegression", signature, {"numpy": "2.2.0"}, CONFIG)


def names(folder: Path) -> list[str]:
    """Return all files below a folder, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def work(tmp_path: Path) -> WorkFolder:
    return WorkFolder(tmp_path)


def test_folder__is_made_with_the_first_file_and_ignores_itself(work: WorkFolder) -> None:
    assert (work.trained(FINGERPRINT), work.submission(), work.read("report.json")) == (None, None, None)
    assert not work.path.exists()
    work.write("report.md", b"# Report\n")
    assert names(work.path) == [".gitignore", "report.md"]
    assert (work.path / ".gitignore").read_text() == "*\n"


def test_objects__are_ignored_by_git_before_the_first_lies_there(work: WorkFolder) -> None:
    assert work.objects == work.path / "cache" / "objects"
    assert names(work.path) == [".gitignore"]


def test_objects__where_nothing_can_be_written_are_no_error_yet(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path / "read-only" / "absent")
    assert work.objects == work.path / "cache" / "objects"
    with pytest.raises(OutsideError):
        work.write("report.md", b"# Report\n")


def test_write__a_reader_finds_the_old_or_the_whole_new_file(work: WorkFolder) -> None:
    path = work.write("report.json", b"old")
    with path.open("rb") as reader:
        work.write("report.json", b"the new one")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"the new one"
    assert names(work.path) == [".gitignore", "report.json"]


def test_write__is_readable_by_those_who_may_read_the_folder(work: WorkFolder) -> None:
    plain = work.folder / "plain"
    plain.touch()
    assert work.write("report.json", b"{}").stat().st_mode == plain.stat().st_mode


def test_write__that_fails_leaves_the_old_file_and_nothing_else(work: WorkFolder) -> None:
    work.write("report.json", b"old")
    with pytest.raises(OutsideError) as caught:
        work.write("report.json/inside", b"new")
    assert (caught.value.code, caught.value.where) == ("work-folder-failed", str(work.path))
    assert (work.read("report.json"), names(work.path)) == (b"old", [".gitignore", "report.json"])


def test_trained__replaces_the_whole_folder(work: WorkFolder) -> None:
    work.keep_trained(a_model(), b"old")
    (work.path / MODEL / "stray").write_text("of an older version")
    work.keep_trained(a_model("2" * 16), b"new")
    assert work.trained(FINGERPRINT) == (a_model("2" * 16), b"new")
    assert names(work.path / "trained") == [f"{MODEL.name}/model.bin", f"{MODEL.name}/trained.json"]


def test_trained__a_reader_of_the_old_one_keeps_it(work: WorkFolder) -> None:
    work.keep_trained(a_model(), b"old")
    with (work.path / MODEL / "model.bin").open("rb") as reader:
        work.keep_trained(a_model(), b"new")
        assert reader.read() == b"old"


def damaged(record: dict[str, object]) -> str:
    return json.dumps(json.loads(a_model().to_bytes()) | record)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", "\0", damaged({"fingerprint": "b" * 64}), damaged({"schema": "mlci/trained/0"}),
     damaged({"schema": None}),
     damaged({"requirements": None}), damaged({"run": 7})],
)  # fmt: skip
def test_trained__with_a_damaged_record_was_not_made(work: WorkFolder, text: str) -> None:
    work.keep_trained(a_model(), b"model")
    (work.path / MODEL / "trained.json").write_text(text)
    assert work.trained(FINGERPRINT) is None


def test_trained__of_a_newer_mlci_is_refused_by_name(work: WorkFolder) -> None:
    work.keep_trained(a_model(), b"model")
    (work.path / MODEL / "trained.json").write_text(damaged({"schema": "mlci/trained/2", "run": ["unknown here"]}))
    with pytest.raises(IntegrityError) as caught:
        work.trained(FINGERPRINT)
    record = f".mlci/{MODEL}/trained.json"
    assert (caught.value.code, caught.value.where) == ("newer-schema", record)
    assert caught.value.problem == (
        f"{record} was written by a newer mlci: its schema is mlci/trained/2, this version reads mlci/trained/1"
    )


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400))
def test_trained__with_any_bytes_as_its_record_was_not_made(work: WorkFolder, content: bytes) -> None:
    work.keep_trained(a_model(), b"model")
    (work.path / MODEL / "trained.json").write_bytes(content)
    assert work.trained(FINGERPRINT) is None


@pytest.mark.parametrize("file", ["trained.json", "model.bin"])
def test_trained__that_lacks_a_file_was_not_made(work: WorkFolder, file: str) -> None:
    work.keep_trained(a_model(), b"model")
    (work.path / MODEL / file).unlink()
    assert work.trained(FINGERPRINT) is None


@pytest.mark.parametrize("file", ["trained.json", "model.bin"])
def test_trained__with_a_folder_in_the_place_of_a_file_was_not_made(work: WorkFolder, file: str) -> None:
    work.keep_trained(a_model(), b"model")
    (work.path / MODEL / file).unlink()
    (work.path / MODEL / file).mkdir()
    assert work.trained(FINGERPRINT) is None


def test_trained__a_file_in_the_place_of_its_folder_is_replaced(work: WorkFolder) -> None:
    work.write("report.json", b"{}")
    (work.path / "trained").mkdir()
    (work.path / MODEL).write_text("a file")
    assert work.trained(FINGERPRINT) is None
    work.keep_trained(a_model(), b"model")
    assert work.trained(FINGERPRINT) == (a_model(), b"model")


def test_submission__lays_out_the_package_for_people(work: WorkFolder) -> None:
    work.submit(Submission(b"{}", b"archive"), a_package())
    assert names(work.path / "candidate") == sorted(a_package().files)
    assert (work.path / "candidate" / "model.skops").read_bytes() == b"model"


@pytest.mark.parametrize("file", [RECORD, ARCHIVE])
def test_submission__of_which_a_file_is_missing_was_not_made(work: WorkFolder, file: str) -> None:
    work.submit(Submission(b"{}", b"archive"), a_package())
    (work.path / "submission" / file).unlink()
    assert work.submission() is None


@pytest.mark.parametrize("file", [RECORD, ARCHIVE])
def test_submission__with_a_folder_in_the_place_of_a_file_cannot_be_read(work: WorkFolder, file: str) -> None:
    work.submit(Submission(b"{}", b"archive"), a_package())
    (work.path / "submission" / file).unlink()
    (work.path / "submission" / file).mkdir()
    with pytest.raises(OutsideError) as caught:
        work.submission()
    assert (caught.value.code, caught.value.problem) == (
        "work-folder-failed",
        ".mlci could not be used: Is a directory",
    )


def test_submission__with_a_file_in_the_place_of_its_folder_was_not_made(work: WorkFolder) -> None:
    work.write("submission", b"a file")
    assert work.submission() is None


def refused(work: WorkFolder) -> MlciError:
    """Return the error of writing a file, a log and a run, which is one and the same."""
    errors = []
    for write in (
        lambda: work.write("report.json", b"{}"),
        lambda: work.log_of(FINGERPRINT),
        lambda: work.keep_trained(a_model(), b"model"),
        lambda: work.keep_run(a_run(), DETAILS),
        lambda: work.submit(Submission(b"{}", b"archive"), a_package()),
    ):
        with pytest.raises(MlciError) as caught:
            write()
        errors.append(caught.value)
    assert len({(type(error), error.code, error.problem) for error in errors}) == 1
    return errors[0]


def test_folder__that_is_a_file_is_not_ours(work: WorkFolder) -> None:
    work.path.write_text("notes")
    error = refused(work)
    assert (type(error), error.code) == (UsageError, "foreign-work-folder")
    assert error.problem == ".mlci is a file, and mlci keeps a folder there"
    assert work.path.read_text() == "notes"


def test_folder__that_is_a_link_is_not_followed(work: WorkFolder) -> None:
    elsewhere = work.folder / "elsewhere"
    elsewhere.mkdir()
    work.path.symlink_to(elsewhere)
    error = refused(work)
    assert (type(error), error.code) == (UsageError, "foreign-work-folder")
    assert error.problem == ".mlci is a symbolic link, and mlci keeps a folder there"
    assert names(elsewhere) == []


def test_folder__without_a_place_to_lie_in_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refused(WorkFolder(tmp_path / "file"))
    assert (type(error), error.problem) == (OutsideError, ".mlci could not be used: Not a directory")


KILLED_AT_A_RENAME = """
import os, signal, sys
from pathlib import Path
from mlci.adapters.work_folder import WorkFolder
from mlci.core.runs import KeptModel

left = int(sys.argv[1])

def kill(event, _):
    global left
    if event == "os.rename":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.{signal})

sys.addaudithook(kill)
kept = KeptModel(fingerprint="a" * 64, run="2" * 16, model_sha256="d" * 64, description={{}}, requirements={{}})
WorkFolder(Path.cwd()).keep_trained(kept, b"new")
"""


def interrupt_keeping(work: WorkFolder, name: str, rename: int) -> int:
    """Keep a run in a process that gets a signal at its RENAME-th rename; return how it ended."""
    program = textwrap.dedent(KILLED_AT_A_RENAME.format(signal=name))
    done = subprocess.run(
        [sys.executable, "-c", program, str(rename)],
        cwd=work.folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode


@pytest.mark.parametrize(("rename", "there"), [(1, b"old"), (2, None), (3, b"new")])
def test_trained__a_kill_while_it_is_kept_leaves_it_whole_or_absent(
    work: WorkFolder, rename: int, there: bytes | None
) -> None:
    work.keep_trained(a_model(), b"old")
    interrupt_keeping(work, "SIGKILL", rename)
    kept = work.trained(FINGERPRINT)
    assert (kept[1] if kept else None) == there
    work.keep_trained(a_model(), b"again")
    assert work.trained(FINGERPRINT) == (a_model(), b"again")


@pytest.mark.parametrize("rename", [1, 2])
def test_trained__an_interruption_while_it_is_kept_leaves_the_old_one(work: WorkFolder, rename: int) -> None:
    work.keep_trained(a_model(), b"old")
    assert interrupt_keeping(work, "SIGINT", rename) != 0
    assert work.trained(FINGERPRINT) == (a_model(), b"old")
    assert names(work.path / "trained") == [f"{MODEL.name}/model.bin", f"{MODEL.name}/trained.json"]


def test_runs__what_is_no_record_under_its_own_name_is_passed_over(work: WorkFolder) -> None:
    name = work.keep_run(a_run(), DETAILS)
    other = work.keep_run(a_run(seconds=2), DETAILS)
    (work.path / "runs" / "notes").write_text("notes")
    (work.path / "runs" / ("b" * 16)).mkdir()
    (work.path / "runs" / other / "record.json").write_bytes(a_run(seconds=3).to_bytes())
    assert [run.id for run in work.runs()] == [name]


def test_runs__a_file_in_the_place_of_their_folder_holds_none(work: WorkFolder) -> None:
    work.write("runs", b"notes")
    assert list(work.runs()) == []


def test_runs__of_a_newer_mlci_are_refused_by_name(work: WorkFolder) -> None:
    content = b'{"schema": "mlci/run/3"}'
    work.write(f"runs/{run_id(content)}/record.json", content)
    with pytest.raises(IntegrityError) as caught:
        list(work.runs())
    assert (caught.value.code, caught.value.where) == ("newer-schema", f".mlci/runs/{run_id(content)}/record.json")


@pytest.mark.parametrize("content", [b"", b"{}", RunDetails().to_bytes()])
def test_details__that_are_not_those_of_the_record_are_none(work: WorkFolder, content: bytes) -> None:
    name = work.keep_run(a_run(), DETAILS)
    (run,) = work.runs()
    assert work.details(run) == DETAILS
    (work.path / "runs" / name / "details.json").write_bytes(content)
    assert work.details(run) is None


def test_alone__only_one_trains_at_a_time(tmp_path: Path) -> None:
    work, other = WorkFolder(tmp_path), WorkFolder(tmp_path)
    with work.alone(), pytest.raises(UsageError, match="another training runs") as caught, other.alone():
        pass
    assert caught.value.code == "training-runs"
    with other.alone():
        pass


def test_environment__is_whole_after_it_was_made_once(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path)
    with work.environment("a" * 64) as (path, is_whole):
        assert not is_whole
        path.mkdir()
    with work.environment("a" * 64) as (again, is_whole):
        assert (again, is_whole) == (path, True)


def test_environment__that_was_not_made_to_its_end_is_made_again(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path)

    def fail(half: Path) -> None:
        half.mkdir(parents=True)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), work.environment("a" * 64) as (path, _):
        fail(path / "half")
    path = tmp_path / ".mlci" / "environments" / ("a" * 16)
    assert not path.exists()
    (path / "killed").mkdir(parents=True)  # nobody could clean up
    with work.environment("a" * 64) as (path, is_whole):
        assert (is_whole, path.exists()) == (False, False)
        path.mkdir()


def test_environment__is_made_by_one_at_a_time(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path)
    seen: list[bool] = []

    def want() -> None:
        with work.environment("a" * 64) as (path, is_whole):
            seen.append(is_whole)
            path.mkdir(exist_ok=True)

    with work.environment("a" * 64) as (path, _):
        other = threading.Thread(target=want)
        other.start()
        path.mkdir()
        assert seen == []
    other.join(10)
    assert seen == [True]
