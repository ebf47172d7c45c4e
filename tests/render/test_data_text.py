from __future__ import annotations

from typing import Any

from mlci.render.data_text import standings_text


def standing(path: str, source: str, state: str) -> dict[str, Any]:
    pin = None if source == "Git" else "md5:a1a6c39b2a4b0000"
    return {
        "dataset": "cells", "path": path, "source": source, "format": "csv", "state": state, "bytes": None, "pin": pin,
    }  # fmt: skip


def told(*standings: dict[str, Any]) -> list[str]:
    return standings_text(standings).split("\n\n", 1)[1].splitlines()


def test_standings__what_git_has_is_brought_back_by_git_and_not_by_a_pull() -> None:
    assert told(standing("a.csv", "Git", "missing"), standing("b.csv", "Git", "missing")) == [
        "2 files are missing from the work tree: git checkout HEAD -- a.csv b.csv"
    ]


def test_standings__each_way_to_bring_files_is_told() -> None:
    assert told(standing("a.csv", "Git", "missing"), standing("b.csv", "DVC", "missing")) == [
        "1 file is not here as recorded: mlci data pull",
        "1 file is missing from the work tree: git checkout HEAD -- a.csv",
    ]


def test_standings__where_all_is_here_nothing_is_to_be_done() -> None:
    assert told(standing("a.csv", "Git", "present"), standing("b.csv", "DVC", "present")) == ["everything is here"]
