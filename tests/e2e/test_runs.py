"""Runs as a user sees them: what a record holds, how runs are looked at, and that no secret gets in."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

pytestmark = pytest.mark.slow

TOKEN = "ghp_" + "a1B2c3D4e5" * 3
CANARIES = {
    "environment": "hunter2-of-env",
    "command": "hunter2-of-command",
    "parameters": "hunter2-of-params",
    "logged": "hunter2-of-log",
}
TALKS = """\
import os, sys, yaml
print("command line:", *sys.argv)
print("environment:", dict(os.environ))
print("parameters:", open("params.yaml").read())
"""
LOGS = """
import mlci
mlci.log_params({"plain": os.environ["DB_PASSWORD"], "inner": {"token": "hunter2-of-log"}})
"""


def everything(folder: Project) -> str:
    """Return every file that mlci keeps, as text."""
    files = [path for path in (folder.folder / ".mlci").rglob("*") if path.is_file()]
    assert len(files) > 3
    return "".join(path.read_bytes().decode(errors="replace") for path in files)


@pytest.mark.parametrize("end", ["", "raise SystemExit(3)\n"], ids=["ends well", "fails"])
@pytest.mark.parametrize("verb", [("train",), ("check",), ("check", "--json")], ids=" ".join)
def test_secrets__are_in_no_record_no_log_and_no_report(fresh: Project, verb: tuple[str, ...], end: str) -> None:
    script = (fresh.folder / "train.py").read_text().replace("**params", "C=params['C']")
    (fresh.folder / "train.py").write_text(TALKS + script + LOGS + end)
    (fresh.folder / "params.yaml").write_text(
        f"C: 0.2\ndatabase: {{password: {CANARIES['parameters']}}}\nnote: {TOKEN}\n"
    )
    fresh.replace("mlci.yaml", "run: python train.py", f"run: python train.py --api-key {CANARIES['command']}")
    fresh.replace("mlci.yaml", "params: params.yaml", "params: params.yaml, env: [DB_PASSWORD]")
    ended = fresh.mlci(*verb, DB_PASSWORD=CANARIES["environment"], UNDECLARED="hunter2-undeclared")
    told = ended.out + ended.err + everything(fresh)
    assert "command line: train.py --api-key (withheld)" in told
    assert [name for name in (*CANARIES.values(), TOKEN, "hunter2-undeclared") if name in told] == []


def test_secrets__are_in_no_package_no_registry_and_no_reproduction(fresh: Project) -> None:
    script = (fresh.folder / "train.py").read_text().replace("**params", "C=params['C']")
    (fresh.folder / "train.py").write_text(TALKS + script + LOGS)
    (fresh.folder / "params.yaml").write_text(f"C: 0.2\ndatabase: {{password: {CANARIES['parameters']}}}\n")
    fresh.replace("mlci.yaml", "run: python train.py", f"run: python train.py --api-key {CANARIES['command']}")
    fresh.replace("mlci.yaml", "params: params.yaml", "params: params.yaml, env: [DB_PASSWORD]")
    fresh.commit("Keep secrets where none belong")
    fresh.git("commit", "--quiet", "--allow-empty", "--message", "Train by the rules that are here now")
    fresh.git("push", "--quiet", "origin", "HEAD:main")
    told = ""
    for verb in (
        ("train",), ("promote",), ("verify", ".mlci/candidate"), ("registry", "show", "v1.0.0"), ("runs", "export"),
        ("lineage", "v1.0.0"), ("reproduce", "v1.0.0", "--json"),
    ):  # fmt: skip
        ended = fresh.mlci(*verb, DB_PASSWORD=CANARIES["environment"])
        assert ended.exit_code == 0, (verb, ended.err)
        told += ended.out + ended.err
    told += fresh.git(
        "log", "--patch", "--all", "--remotes", "--glob=refs/mlci/*", "--format=%B", "--", "*.json", "*.md"
    )
    stored = [path.read_bytes() for path in (fresh.place / "models").rglob("*") if path.is_file()]
    told += everything(fresh) + "".join(content.decode(errors="replace") for content in stored)
    assert ("command line: train.py --api-key (withheld)" in told, '"type": "assign"' in told, stored != []) == (
        True, True, True,
    )  # fmt: skip
    assert [name for name in CANARIES.values() if name in told] == []


def test_runs__are_listed_shown_chosen_and_exported(released: Project) -> None:
    log = "\nimport mlci\nmlci.log_metric('fit', model.score(cells[FEATURES], cells['malignant']))\n"
    with (released.folder / "train.py").open("a") as file:
        file.write(log)
    released.replace("params.yaml", "C: 0.1", "C: 0.2")
    assert released.mlci("train").exit_code == 0
    with (released.folder / "train.py").open("a") as file:
        file.write("raise SystemExit('no convergence')\n")
    assert released.mlci("train").exit_code == 1
    listed = released.mlci("runs", "list").out
    assert [word for word in ("trained", "failed", "C", "fit", "0.2") if word not in listed] == []
    shown = json.loads(released.mlci("runs", "best", "fit", "--highest", "--json").out)["run"]
    assert (shown["outcome"], shown["params"], len(shown["details"]["history"]["fit"])) == (
        "trained", {"C": 0.2, "max_iter": 1000}, 1,
    )  # fmt: skip
    text = released.mlci("runs", "show", shown["id"][:8]).out
    assert text.startswith(f"run {shown['id']}: trained\n  command      python train.py\n")
    rows = list(csv.DictReader(io.StringIO(released.mlci("runs", "export").out)))
    assert sorted(row["outcome"] for row in rows) == ["failed", "trained", "trained"]
    assert len(json.loads(released.mlci("runs", "export", "--json").out)["runs"]) == 3


@pytest.mark.slow
def test_compare__shows_two_models_and_draws_curves(released: Project) -> None:
    with (released.folder / "train.py").open("a") as file:
        file.write("\nimport mlci\nfor step in range(3):\n    mlci.log_metric('loss', 1 / (step + 1), step)\n")
    released.replace("params.yaml", "C: 0.1", "C: 0.2")
    assert released.mlci("train").exit_code == 0
    shown = released.mlci("compare", "#production", "candidate", "--curves", "drawn")
    assert shown.exit_code == 0, shown.err
    names = {"roc_auc", "parameter C", "code train.py"}
    firsts = (" ".join(line.split()[:count]) for line in shown.out.splitlines() for count in (1, 2))
    assert [each for each in firsts if each in names] == ["roc_auc", "parameter C", "code train.py"]
    drawing = (released.folder / "drawn" / "001-loss.svg").read_text()
    assert "3 values, the last 0.3333333333333333 at step 2" in drawing
    assert (released.folder / "drawn" / "curves.csv").read_text().splitlines()[1].startswith("loss,")
    assert list(json.loads((released.folder / "drawn" / "curves.json").read_text())["curves"]) == ["loss"]
    answer = json.loads(released.mlci("compare", "v1.0.0", "candidate", "--json").out)
    assert (answer["schema"], answer["evaluation"]["rows"]) == ("mlci/side-by-side/1", 285)
    assert answer["logged"] == [{"kind": "metric", "name": "loss", "first": None, "second": 1 / 3}]
    assert released.mlci("compare", "v1.0.0", "candidate", "--csv").out.startswith("kind,name,")


def test_runs__before_the_first(fresh: Project) -> None:
    assert fresh.mlci("runs", "list").out == "no run yet: mlci train makes the first\n"


def test_runs__where_there_is_no_model(fresh: Project) -> None:
    (fresh.folder / "mlci.yaml").unlink()
    ended = fresh.mlci("runs", "list")
    assert (ended.exit_code, "error[no-configuration]" in ended.err) == (2, True)


def test_runs__best_takes_one_direction(fresh: Project) -> None:
    ended = fresh.mlci("runs", "best", "fit", "--highest", "--lowest")
    assert (ended.exit_code, "error[wrong-usage]" in ended.err) == (2, True)


def test_interruption__leaves_a_record(fresh: Project) -> None:
    script = "import mlci, time\nmlci.log_metric('loss', 0.5)\nopen('begun', 'w').close()\ntime.sleep(60)\n"
    (fresh.folder / "train.py").write_text(script)
    with fresh.start("train") as process:
        deadline = time.monotonic() + 30
        while not (fresh.folder / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    (run,) = json.loads(fresh.mlci("runs", "list", "--json").out)["runs"]
    assert (run["outcome"], run["metrics"], run["model_sha256"]) == ("interrupted", {"loss": 0.5}, None)


def test_same_inputs__make_the_same_package_whatever_the_record_says(fresh: Project) -> None:
    first = json.loads(fresh.mlci("train", "--json").out)["package"]
    again = json.loads(fresh.mlci("train", "--force", "--json", SOURCE_DATE_EPOCH="1800000000").out)["package"]
    assert first == again
    assert len(json.loads(fresh.mlci("runs", "list", "--json").out)["runs"]) == 2


def test_publish__is_seen_where_the_run_was_not_made(trained: Project) -> None:
    published = trained.mlci("runs", "publish")
    (run,) = json.loads(trained.mlci("runs", "list", "--json").out)["runs"]
    assert (run["where"], published.out) == ("here", f"run {run['id']} is on the branch mlci/runs\n")
    assert trained.mlci("runs", "publish").out == f"run {run['id']} is on the branch mlci/runs already\n"
    shutil.rmtree(trained.folder / ".mlci")
    trained.git("update-ref", "-d", "refs/mlci/runs")
    assert trained.mlci("fetch").exit_code == 0
    assert json.loads(trained.mlci("runs", "list", "--json").out)["runs"] == [run | {"where": "shared"}]
    assert trained.mlci("runs", "show", run["id"]).out.startswith(f"run {run['id']}: trained, as it was shared\n")


def test_publish__without_a_candidate(fresh: Project) -> None:
    ended = fresh.mlci("runs", "publish", "--json")
    assert json.loads(ended.out) == {"schema": "mlci/runs-publish/1", "run": None, "is_new": False}
