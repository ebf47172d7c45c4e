from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from mlci.commands.lineage import lineage
from mlci.core.lineage import nodes_of
from mlci.errors import UsageError
from mlci.render.lineage_text import lineage_text, mermaid
from mlci.testing import FakeRunsBranch, Script, model_file
from tests.commands.builders import COMMAND, MODEL, a_project, a_released_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.lineage import Node
    from tests.commands.builders import Project


def traced(project: Project, reference: str, shared: dict[str, bytes] | None = None) -> Node:
    return lineage(
        reference,
        repository=project.repository,
        registry=project.registry,
        work=project.work,
        shared=FakeRunsBranch(shared),
    )


def text(project: Project, reference: str) -> str:
    """Return the tree as it is shown, without what is made of content."""
    return re.sub(r"\b[0-9a-f]{8,64}\b", "<id>", lineage_text(traced(project, reference)))


VERSION = """\
tumour@v1.0.0 (production)
├─ is package <id>
├─ from commit <id>: first (1 file)
├─ trained on cells: data/cells.csv (100 rows)
├─ with params.yaml
├─ judged on holdout: data/holdout.csv
├─ promoted on evaluation <id>: first on 200 rows
├─ made by run <id>: trained 1970-01-01 00:00
│  ├─ from commit <id> (1 file)
│  ├─ trained on cells: data/cells.csv (100 rows)
│  ├─ with 1 parameter
│  ├─ by python train.py
│  └─ made model <id>
├─ then event 1: register, 2026-01-31 by Ana Müller
└─ then event 2: assign production, 2026-01-31 by Ana Müller"""


@pytest.mark.parametrize("reference", ["v1.0.0", "#production", "tumour@v1.0.0"])
def test_lineage__of_a_version_is_what_it_was_made_from_and_what_became_of_it(tmp_path: Path, reference: str) -> None:
    assert text(a_released_project(tmp_path), reference) == VERSION


def test_lineage__of_a_version_needs_no_record(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.work.records.clear()
    kept = [line for line in VERSION.splitlines() if not line.startswith("│") and "made by" not in line]
    assert text(project, "v1.0.0").splitlines() == [line.replace(" (100 rows)", "") for line in kept]


def test_lineage__of_a_version_whose_commit_is_not_here(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    first = project.production.commit
    project.land("more")
    project.repository.forget(first)
    assert "├─ from commit <id>, which is not in this clone\n" in text(project, "v1.0.0")


def test_lineage__reads_the_records_that_others_shared(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    ((name, (record, _)),) = project.work.records.items()
    project.work.records.clear()
    shared = {name: record.to_bytes()}
    titles = {node.title for node in nodes_of(traced(project, "v1.0.0", shared))}
    assert f"run {name[:8]}: trained 1970-01-01 00:00, as it was shared" in titles
    assert traced(project, name, shared).inner[-1].title == "tumour@v1.0.0 (production)"
    assert f"run {name[:8]}: trained 1970-01-01 00:00, as it was shared" in {
        node.title for node in nodes_of(traced(project, "cells", shared))
    }


def test_lineage__of_an_evaluation_is_what_was_promoted_on_it(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    assert text(project, f"{project.production.evaluation}"[:12]).splitlines() == [
        "evaluation <id>: first on 200 rows", "└─ decided on tumour@v1.0.0 (production)",
    ]  # fmt: skip


def test_lineage__of_an_evaluation_that_the_branch_lost(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    tip = project.registry.origin.tips[MODEL]
    project.registry.origin.commits[tip] = {
        path: content for path, content in project.registry.origin.commits[tip].items() if "evaluations" not in path
    }
    assert "├─ promoted on evaluation <id>: not on the branch" in text(project, "v1.0.0")


def test_lineage__of_data_that_dvc_keeps_is_by_its_pointer(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    rows = some_rows(100)
    digest = hashlib.md5(rows, usedforsecurity=False).hexdigest()
    project.repository.remove("data/cells.csv")
    project.repository.write("data/cells.csv.dvc", f"outs: [{{path: cells.csv, md5: {digest}}}]\n".encode())
    project.data.outside[digest] = project.repository.folder / "data" / "cells.csv"
    project.data.outside[digest].write_bytes(rows)
    project.land("A pointer")
    project.train()
    project.promote()
    assert text(project, "cells").splitlines() == [
        "data set cells (data/cells.csv)",
        "└─ had content <id>, as it is here now",
        "   ├─ trained run <id>: trained 1970-01-01 00:00",
        "   └─ trained tumour@v1.0.0 (production)",
    ]


PIPELINE = """\
├─ by stage prepare
│  ├─ reads data/raw.csv
│  └─ makes data/cells.csv
├─ by stage fit
│  ├─ reads data/cells.csv
│  ├─ reads train.py
│  └─ makes model.skops
"""


def test_lineage__of_a_version_that_a_pipeline_made(tmp_path: Path) -> None:
    project = a_project(tmp_path, train="{dvc: true, model: model.skops}")
    project.write(
        dvc_yaml="stages: {prepare: {cmd: x, outs: [data/cells.csv]}, fit: {cmd: x, outs: [model.skops]}}\n",
        dvc_lock="stages:\n"
        "  prepare: {deps: [{path: data/raw.csv, md5: aaaa}], outs: [{path: data/cells.csv, md5: b}]}\n"
        "  fit:\n    deps: [{path: data/cells.csv, md5: b}, {path: train.py, md5: c}]\n"
        "    outs: [{path: model.skops, md5: d}]\n",
    )
    project.land("A pipeline")
    makes = Script({"model.skops": model_file("present")}, prints=("Running stage 'fit':",))
    project.runner.scripts["dvc repro"] = makes
    project.train()
    project.promote()
    assert PIPELINE in text(project, "v1.0.0")
    for reference in ("data/raw.csv", "aaaa"):
        assert text(project, reference).endswith("└─ read by stage prepare of tumour@v1.0.0 (production)")
    kinds = {node.title: node.kind for node in nodes_of(traced(project, "v1.0.0"))}
    assert (kinds["data/raw.csv"], kinds["train.py"]) == ("data", "code")


def test_lineage__of_a_run_names_the_version_that_it_became(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    ((name, (record, _)),) = project.work.records.items()
    assert record.command == COMMAND
    expected = text(project, f"run:{name}")
    assert expected.splitlines()[-1] == "└─ became tumour@v1.0.0 (production)"
    assert text(project, name[:6]) == expected


def test_lineage__of_the_candidate_is_that_of_its_version_and_runs(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    assert text(project, "candidate").splitlines()[:2] == ["candidate <id>", "└─ is tumour@v1.0.0 (production)"]
    project.trains("careful")
    project.train()
    assert text(project, "candidate").splitlines()[:3] == [
        "candidate <id>", "├─ is no version of the registry", "└─ made by run <id>: trained 1970-01-01 00:00",
    ]  # fmt: skip


DATA = """\
data set cells (data/cells.csv)
├─ had content <id>
│  ├─ trained run <id>: trained 1970-01-01 00:00
│  └─ trained tumour@v1.0.0 (production)
└─ had content <id>, as it is here now
   └─ used by nothing that is recorded here"""


@pytest.mark.parametrize("reference", ["cells", "data/cells.csv"])
def test_lineage__of_a_data_set_is_what_used_it_by_content(tmp_path: Path, reference: str) -> None:
    project = a_released_project(tmp_path)
    project.write(data__cells_csv=some_rows(101))
    assert text(project, reference) == DATA


def test_lineage__of_a_data_set_by_its_hash(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    ((record, _),) = project.work.records.values()
    for named in (record.data["cells"].sha256, record.data["cells"].git_id[:10]):
        found = {node.title for node in nodes_of(traced(project, named))}
        assert "tumour@v1.0.0 (production)" in found


def test_lineage__of_an_evaluation_set_is_what_was_judged_on_it(tmp_path: Path) -> None:
    assert text(a_released_project(tmp_path), "holdout").endswith("└─ evaluated tumour@v1.0.0 (production)")


def test_lineage__of_many_runs_shows_the_newest_and_counts_the_others(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    for number in range(12):
        project.write(params_yaml=f"C: {number}\n")
        project.train()
    assert text(project, "cells").splitlines()[-1] == "   └─ and 2 more"


@pytest.mark.parametrize(
    ("reference", "code"),
    [("nothing", "unknown-reference"), ("run:abcd", "unknown-run"), ("v2.0.0@x", "unknown-reference"),
     ("#staging", "unknown-version"), ("ffff", "unknown-reference")],
)  # fmt: skip
def test_lineage__of_what_is_not_there(tmp_path: Path, reference: str, code: str) -> None:
    project = a_released_project(tmp_path)
    with pytest.raises(UsageError) as caught:
        traced(project, reference)
    assert caught.value.code == code


def test_mermaid__draws_each_thing_once_and_takes_no_orders(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.land('evil"]; click n0 "javascript:alert(1)" %% <img>')
    project.train()
    project.promote()
    drawn = mermaid(traced(project, "v1.0.0"))
    lines = drawn.splitlines()
    assert lines[:2] == ["flowchart LR", '  n0["tumour@v1.0.0 (production)"]']
    assert len([line for line in lines if "data/cells.csv" in line]) == 1
    assert [line for line in lines if "<" in line or line.count('"') not in {0, 2}] == []
    assert "evil#34;#93;#59; click n0" in drawn
    assert re.search(r"  n0 -->\|made by\| n\d+", drawn)
