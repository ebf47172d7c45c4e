"""Every fenced block of our pages is executed, read, or listed here with the reason why not."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest
import yaml

from mlci.core.config import read_config, read_data_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model
from tests.docs.blocks import PAGES, ROOT, Block, Typed, all_blocks, blocks, matches, run, session_of, typed
from tests.e2e.conftest import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Project

NOT_EXECUTED = {
    ("README.md", "git clone https://github.com/mlci/mlci && cd mlci"): "tests/e2e/test_fresh_clone.py runs these",
    ("README.md", 'pip install "mlci[ml] @ file:///path/to/mlci"'): "tests/e2e/test_wheel.py installs a wheel",
    (
        "actions/README.md",
        r"sed -i 's|uses: \$/actions/\([a-z]*\)|uses: ORGANISATION/mlci/actions/\1@TAG|' .github/workflows/mlci-*.yml",
    ): "needs a server that is not github.com",
    ("actions/README.md", "jobs:"): "a caller; tests/actions/test_workflows.py compares its inputs and secrets",
    ("actions/README.md", "- uses: mlci/mlci/actions/report@COMMIT"): "a step; test_pages.py compares inputs and page",
}
"""Blocks by page and first line."""

SESSIONS = [(path, name) for path in PAGES if (name := session_of(path))]
"""Pages with commands, and where they are typed; those of `github` are typed in tests/act/test_quickstart.py."""


def first_line(block: Block) -> str:
    return block.text.partition("\n")[0]


def read(block: Block) -> object:
    """Return a YAML block as what it is: a contract if it has columns, data sets to add to the example's, or all."""
    written = yaml.safe_load(block.text)
    if set(written) == {"data"}:
        example = yaml.safe_load((EXAMPLES / "tumour" / "mlci.yaml").read_text())
        example["data"] |= written["data"]
        return read_config(yaml.safe_dump(example).encode(), block.name)
    text = block.text.encode()
    return read_model(text, Contract, block.name) if "columns" in written else read_data_config(text, block.name)


def test_block__is_of_a_kind_that_is_checked() -> None:
    checked = {"console", "yaml", "python", "pycon"}
    others = {(block.page, first_line(block)) for block in all_blocks() if block.kind not in checked}
    assert others == set(NOT_EXECUTED)


@pytest.mark.parametrize("block", all_blocks("python"), ids=lambda block: block.name)
def test_python_block__is_part_of_the_training_script_that_the_sessions_run(block: Block) -> None:
    assert block.text in (EXAMPLES / "tumour" / "train.py").read_text()


@pytest.mark.parametrize("block", all_blocks("pycon"), ids=lambda block: block.name)
def test_pycon_block__shows_what_happens(block: Block) -> None:
    example = doctest.DocTestParser().get_doctest(block.text, {}, block.name, None, None)
    told: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=told.append)
    assert example.examples
    assert "".join(told) == ""


def test_console_block__stands_on_a_page_that_names_its_session() -> None:
    pages = {block.page for block in all_blocks("console")}
    assert pages == {path.relative_to(ROOT).as_posix() for path, _ in SESSIONS}


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=lambda block: block.name)
def test_yaml_block__is_read(block: Block) -> None:
    assert read(block) is not None


@pytest.mark.parametrize(
    ("session", "path"),
    [(name, path) for path, name in SESSIONS if name != "github"],
    ids=[path.name for path, name in SESSIONS if name != "github"],
    indirect=["session"],
)
def test_console_blocks__show_what_happens(session: Project, path: Path) -> None:
    commands = [each for block in blocks(path) if block.kind == "console" for each in typed(block)]
    differing = [(each, printed) for each in commands if not matches(each.shown, printed := run(each.command, session))]
    assert differing == []


def test_typed__parts_commands_from_what_they_print() -> None:
    block = Block("page.md", 1, "console", "$ one --two\nout\n\nmore\n$ three\n")
    assert typed(block) == [Typed("one --two", "out\n\nmore\n"), Typed("three", "")]


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("a … c\n", "a b c\n", True),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a … c\n", "a b d\n", False),
        ("[a]\n", "a\n", False),
        ("", "a\n", False),
    ],
)
def test_matches__takes_dots_for_anything_and_all_else_as_it_stands(
    shown: str, printed: str, *, expected: bool
) -> None:
    assert matches(shown, printed) is expected
