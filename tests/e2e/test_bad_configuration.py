"""mlci.yaml and contracts with mistakes that people make, and some that nobody makes by accident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Project, Refuses

CONTRACT = "contracts/cells.yaml"
HOLDOUT = "{path: data/holdout.csv, contract: contracts/cells.yaml}"

MISTAKES: dict[str, Callable[[str], str]] = {
    "unknown-key": lambda text: text.replace("objective:", "objectiv:"),
    "unknown-key-for-missing": lambda text: text.replace("positive: 1", "positiv: 1"),
    "several": lambda text: text.replace("objective:", "objectiv:").replace("margin: 0.01", "margin: wide"),
    "later-key": lambda text: text + "serve: {fallback: previous}\n",
    "duplicate-key": lambda text: text + "gates: []\n",
    "alias": lambda text: text.replace("cells:   {", "cells:   &cells {").replace(HOLDOUT, "*cells"),
    "tab": lambda text: text.replace("  holdout", "\tholdout"),
    "too-large": lambda text: text + "#" * (1 << 20),
    "not-closed": lambda text: text.replace("positive: 1}", "positive: 1"),
    "margin": lambda text: text.replace("margin: 0.01", "margin: wide"),
    "section-missing": lambda text: text.partition("evaluate:")[0] + "gates" + text.partition("gates")[2],
    "empty": lambda _: "",
    "no-mapping": lambda _: "tumour\n",
    "newer-version": lambda text: text.replace("version: 1", "version: 2"),
    "name": lambda text: text.replace("name: tumour", "name: ../tumour"),
    "path-outside": lambda text: text.replace("data/cells.csv", "../../etc/passwd"),
    "unknown-data-set": lambda text: text.replace("data: [cells]", "data: [sells]"),
    "control-character": lambda text: text.replace("Find", "Find\0"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_configuration__with_a_mistake(fresh: Project, refuses: Refuses, name: str) -> None:
    file = fresh.folder / "mlci.yaml"
    file.write_text(MISTAKES[name](file.read_text()))
    refuses(fresh, "check", exit_code=2, told=f"configuration-{name}")


def test_configuration__in_another_encoding(fresh: Project, refuses: Refuses) -> None:
    file = fresh.folder / "mlci.yaml"
    file.write_bytes(file.read_text().replace("Find", "Fände").encode("latin-1"))
    refuses(fresh, "check", exit_code=2, told="configuration-encoding")


@pytest.mark.parametrize("verb", [("check",), ("train",), ("deploy", "live")], ids=lambda verb: verb[0])
def test_configuration__that_is_missing(fresh: Project, refuses: Refuses, verb: tuple[str, ...]) -> None:
    (fresh.folder / "mlci.yaml").unlink()
    refuses(fresh, *verb, exit_code=2, told=f"configuration-missing-{verb[0]}")


def test_configuration__that_is_a_link_is_not_followed(fresh: Project, refuses: Refuses) -> None:
    (fresh.folder / "mlci.yaml").unlink()
    (fresh.folder / "mlci.yaml").symlink_to("/etc/passwd")
    refuses(fresh, "check", exit_code=4, told="configuration-link")


CONTRACT_MISTAKES: dict[str, Callable[[str], str]] = {
    "unknown-key": lambda text: text.replace("min: 0", "mni: 0", 1),
    "unknown-section": lambda text: text.replace("columns:", "colums:"),
    "broken": lambda text: text.replace("columns:", "columns: ["),
    "rule": lambda text: text.replace("check: worst_radius", "check: colour"),
    "expression": lambda text: text.replace("check: worst_radius", "check: __import__('os')"),
    "later-type": lambda text: text.replace("{type: number", "{type: datetime", 1),
    "empty": lambda _: "",
}


@pytest.mark.parametrize("name", CONTRACT_MISTAKES)
def test_contract__with_a_mistake(fresh: Project, refuses: Refuses, name: str) -> None:
    file = fresh.folder / CONTRACT
    file.write_text(CONTRACT_MISTAKES[name](file.read_text()))
    refuses(fresh, "check", exit_code=2, told=f"contract-{name}")


def test_contract__that_is_missing(fresh: Project, refuses: Refuses) -> None:
    (fresh.folder / CONTRACT).unlink()
    refuses(fresh, "check", exit_code=2, told="contract-missing")
