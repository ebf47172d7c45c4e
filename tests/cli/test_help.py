from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from mlci.cli.app import ORDER, app

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 80


def verbs(group: object, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in getattr(group, "commands", {}).items():
        yield from verbs(command, *before, name) if hasattr(command, "commands") else [(*before, name)]


VERBS = sorted(verbs(get_command(app)))


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help__begins_with_an_example_and_fits_a_terminal(verb: tuple[str, ...]) -> None:
    shown = CliRunner(env={"COLUMNS": str(WIDTH)}).invoke(app, [*verb, "--help"], prog_name="mlci")
    lines = [line for line in shown.stdout.splitlines() if line.strip()]
    assert shown.exit_code == 0
    assert lines[0].startswith(f"Usage: mlci {' '.join(verb)} ")
    assert lines[1].startswith(f"  Example: mlci {' '.join(verb)}")
    assert not lines[1].endswith(".")
    assert [line for line in lines if len(line) > WIDTH] == []


def test_help__lists_every_verb_in_the_order_of_a_model_s_life() -> None:
    assert sorted({verb[0] for verb in VERBS}) == sorted(ORDER)
