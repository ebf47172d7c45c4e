"""A split as a user types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Project


def test_split__writes_the_sets_and_replaces_nothing_unasked(fresh: Project) -> None:
    ended = fresh.mlci("split", "data/cells.csv", "--key", "id", "--shares", "80/20", "--json")
    told = json.loads(ended.out)
    assert (told["schema"], told["by"], told["column"]) == ("mlci/split/1", "key", "id")
    assert [(each["name"], each["path"]) for each in told["sets"]] == [
        ("train", "data/cells-train.csv"),
        ("test", "data/cells-test.csv"),
    ]
    assert sum(each["rows"] for each in told["sets"]) == 284
    again = fresh.mlci("split", "data/cells.csv", "--key", "id", "--shares", "80/20")
    assert (again.exit_code, "error[file-exists]" in again.err) == (2, True)
    forced = fresh.mlci("split", "data/cells.csv", "--key", "id", "--shares", "80/20", "--force", "--json")
    assert json.loads(forced.out) == told


def test_split__is_by_one_column(fresh: Project) -> None:
    for arguments in ([], ["--key", "id", "--time", "id"], ["--time", "id", "--salt", "x"]):
        ended = fresh.mlci("split", "data/cells.csv", *arguments)
        assert (ended.exit_code, "error[wrong-usage]" in ended.err) == (2, True)
