from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import UsageError
from mlci.render.workflow_callers import CHECK, MERGE, callers

if TYPE_CHECKING:
    from tests.conftest import Golden

COMMIT = "1f" * 20
SCRIPTS = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \n"), min_size=1)


def test_callers__read_well(golden: Golden) -> None:
    written = callers("mlci/mlci", COMMIT, version="v1.2.3", install="pip install -r requirements.txt", deploy="live")
    for path, text in written.items():
        golden(f"workflows/{Path(path).name}", text)


def test_callers__without_inputs_have_no_with() -> None:
    assert [path for path, text in callers("mlci/mlci", COMMIT).items() if "with:" in text] == []


def test_callers__name_a_tag_where_that_is_the_reference() -> None:
    assert "uses: acme/mirror/.github/workflows/mlci-check.yml@v1.2.3\n" in callers("acme/mirror", "v1.2.3")[CHECK]


def test_callers__that_call_a_tag_say_how_to_call_a_commit() -> None:
    advice = (
        "# v1.2.3 is a tag, which the owner of BRANCH/mlci could move. To call one commit, which nobody can: remove "
        "the three\n"
        "# workflows that call it, then run init again: mlci init --github --mlci BRANCH/mlci@COMMIT (all 40 digits).\n"
        "name: mlci "
    )
    assert [text.count(advice) for text in callers("BRANCH/mlci", "v1.2.3").values()] == [1, 1, 1]
    assert [text.count(" is a tag") for text in callers("BRANCH/mlci", COMMIT, version="v1.2.3").values()] == [0, 0, 0]


@given(SCRIPTS.filter(lambda script: "${{" not in script))
def test_callers__carry_any_script_as_it_is(script: str) -> None:
    written = callers("mlci/mlci", COMMIT, install=script)
    assert yaml.safe_load(written[CHECK])["jobs"]["check"]["with"] == {"install": script}
    assert yaml.safe_load(written[MERGE])["jobs"]["merge"]["with"] == {"install": script}


@pytest.mark.parametrize("branch", ["main", "release/1.0", "no", "1.0", "#1", "größe"])
def test_callers__carry_any_branch_as_a_word(branch: str) -> None:
    written = yaml.safe_load(callers("mlci/mlci", COMMIT, default_branch=branch)[MERGE])
    # To YAML 1.1 `on` is true.
    assert written[True]["push"]["branches"] == [branch]


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("bad-repository", {"repository": "mlci"}),
        ("bad-repository", {"repository": "mlci/mlci@main\n"}),
        ("bad-reference", {"ref": "main"}),
        ("bad-reference", {"ref": "1f1f1f1"}),
        ("bad-reference", {"ref": f"{COMMIT}\n"}),
        ("bad-reference", {"version": "v1 # x\n    secrets: inherit"}),
        ("bad-name", {"deploy": "Live"}),
        ("bad-branch", {"default_branch": "a b"}),
        ("bad-install", {"install": "pip install ${{ github.head_ref }}"}),
        ("bad-install", {"install": "pip install \x1b[2J"}),
    ],
)
def test_callers__refuse_what_would_become_more_than_a_word(code: str, wrong: dict[str, str]) -> None:
    right = {"repository": "mlci/mlci", "ref": COMMIT}
    with pytest.raises(UsageError) as refused:
        callers(**(right | wrong))
    assert refused.value.code == code
