"""Where a model comes from, as a user asks for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Project


def test_lineage__is_told_in_text_json_and_mermaid(released: Project) -> None:
    shown = released.mlci("lineage", "#production").out
    assert shown.startswith("tumour@v1.0.0 (production)\n├─ is package ")
    tree = json.loads(released.mlci("lineage", "v1.0.0", "--json").out)["tree"]
    assert (tree["kind"], tree["inner"][0]["relation"]) == ("version", "is")
    assert released.mlci("lineage", "cells", "--mermaid").out.startswith('flowchart LR\n  n0["data set cells')
    assert released.mlci("lineage", ".mlci/candidate").out.splitlines()[1] == "└─ is tumour@v1.0.0 (production)"


def test_lineage__answers_one_way(released: Project) -> None:
    ended = released.mlci("lineage", "cells", "--json", "--mermaid")
    assert (ended.exit_code, json.loads(ended.out)["code"]) == (2, "wrong-usage")
