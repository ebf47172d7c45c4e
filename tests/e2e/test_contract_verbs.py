"""Contracts as a user drafts, compares and exports them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

CONTRACT = "contracts/cells.yaml"


def test_contract_infer__writes_what_validates_and_replaces_nothing_unasked(fresh: Project) -> None:
    shown = fresh.mlci("contract", "infer", "data/cells.csv")
    assert shown.out.startswith("# Drafted by mlci from cells.csv (")
    refused = fresh.mlci("contract", "infer", "data/cells.csv", "-o", CONTRACT)
    assert (refused.exit_code, "file-exists" in refused.err) == (2, True)
    assert fresh.mlci("contract", "infer", "data/cells.csv", "-o", CONTRACT, "--force").out == f"wrote {CONTRACT}\n"
    assert (fresh.folder / CONTRACT).read_text() == shown.out
    assert json.loads(fresh.mlci("contract", "infer", "data/cells.csv", "--json").out) == {
        "schema": "mlci/contract-infer/1",
        "text": shown.out,
        "wrote": None,
    }
    assert fresh.mlci("validate", "cells").exit_code == 0


def test_contract_diff__compares_with_a_revision(fresh: Project) -> None:
    assert fresh.mlci("contract", "diff", f"HEAD:{CONTRACT}", CONTRACT).out == "both demand the same\n"
    fresh.replace(
        CONTRACT, "mean_radius: {type: number, min: 0, max: 60,", "mean_radius: {type: number, min: 1, max: 600,"
    )
    ended = fresh.mlci("contract", "diff", f"HEAD:{CONTRACT}", CONTRACT, "--json")
    assert (ended.exit_code, json.loads(ended.out)["breaking"]) == (0, True)
    assert fresh.mlci("contract", "diff", f"HEAD:{CONTRACT}", CONTRACT).out == (
        "  the newer contract                 for readers  for the model\n"
        "  tightens mean_radius min: 0 → 1    compatible   breaking\n"
        "  loosens mean_radius max: 60 → 600  breaking     compatible\n"
    )


@pytest.mark.parametrize("missing", ["HEAD:contracts/none.yaml", "none.yaml"])
def test_contract_diff__names_what_is_not_there(fresh: Project, missing: str) -> None:
    ended = fresh.mlci("contract", "diff", missing, CONTRACT)
    assert (ended.exit_code, "error[contract-missing]" in ended.err) == (2, True), ended.err


def test_contract_export__names_what_is_not_there_with_its_own_command(fresh: Project) -> None:
    ended = fresh.mlci("contract", "export", "none.yaml")
    assert (ended.exit_code, "mend:  mlci contract export contracts/cells.yaml" in ended.err) == (2, True), ended.err


def test_init__without_data_says_what_a_repository_of_data_alone_needs(fresh: Project) -> None:
    ended = fresh.mlci("init")
    assert (ended.exit_code, "for data alone: mlci contract infer DATA.csv" in ended.err) == (2, True), ended.err


def test_contract_export__writes_a_schema(fresh: Project) -> None:
    shown = fresh.mlci("contract", "export", CONTRACT).out
    assert json.loads(shown)["$defs"]["row"]["properties"]["malignant"]["enum"] == [0, 1]
    assert fresh.mlci("contract", "export", CONTRACT, "-o", "cells.schema.json").exit_code == 0
    assert (fresh.folder / "cells.schema.json").read_text() == shown
