"""Rows, labels and features of an evaluation set that lie in several files, read by DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pytest

from mlci.adapters.duckdb import DuckdbData
from mlci.commands.labelled_rows import set_of
from mlci.core.config import read_config
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import IntegrityError
from mlci.testing import MemoryTree
from tests.commands.builders import a_configuration

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.evaluation_set import EvaluationSet

ROWS = "SELECT i AS id, i * 0.5 AS radius, i % 3 AS site FROM range(6) rows(i)"
LABELS = "SELECT i AS id, i % 2 = 1 AS malignant FROM range(9) rows(i) ORDER BY i DESC"
FEATURES = "SELECT i AS id, CASE WHEN i = 2 THEN NULL ELSE i * 10 END AS texture FROM range(6) rows(i) ORDER BY hash(i)"
CHANGED = "SELECT i AS id, i * 10 AS texture, CASE WHEN i = 5 THEN 9 ELSE i * 0.5 END AS radius FROM range(6) rows(i)"


@dataclass
class Files:
    """Files of one format in a folder, as a commit has them."""

    folder: Path
    suffix: str

    def tree(self, **queries: str) -> MemoryTree:
        files: dict[str, bytes] = {}
        for name, query in queries.items():
            path = self.folder / f"{name}.{self.suffix}"
            duckdb.execute(f"COPY ({query}) TO '{path}'")  # its format is that of the suffix
            files[f"data/{name}.{self.suffix}"] = path.read_bytes()
        return MemoryTree(files)

    def rows(self, base: MemoryTree, head: MemoryTree) -> EvaluationSet:
        """Return base's rows with labels in a file of their own, and features that head brings."""
        told = "{data: holdout, labels: truth, id: id, label: malignant, positive: true%s}"
        data = ", ".join(f"{name}: {{path: data/{name}.{self.suffix}}}" for name in ("cells", "holdout", "truth"))
        extra = f"{data}, extra: {{path: data/extra.{self.suffix}}}"
        before = a_configuration(data=f"{{{data}}}", evaluate=told % "")
        after = a_configuration(data=f"{{{extra}}}", evaluate=told % ", features: extra")
        rules, _ = effective(*(Side(read_config(each.encode()), {}) for each in (before, after)))
        return set_of(rules, base, head=head, data=DuckdbData(), objects=self.folder / "objects")


@pytest.fixture(params=["csv", "parquet"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    return Files(tmp_path, request.param)


def test_read__finds_labels_and_features_by_id(files: Files) -> None:
    base = files.tree(holdout=ROWS, truth=LABELS)
    table = files.rows(base, files.tree(extra=FEATURES, holdout=ROWS)).read({"texture": "number", "radius": "number"})
    assert list(table.columns) == ["id", "malignant", "texture", "radius"]
    assert table.columns["id"].values.tolist() == ["0", "1", "2", "3", "4", "5"]
    assert table.columns["malignant"].values.tolist() == [False, True, False, True, False, True]
    texture = table.columns["texture"]
    assert texture.missing is not None
    assert texture.missing.tolist() == [False, False, True, False, False, False]
    assert texture.values[~texture.missing].tolist() == [0, 10, 30, 40, 50]


def test_read__a_column_that_base_has_otherwise_is_refused(files: Files) -> None:
    base = files.tree(holdout=ROWS, truth=LABELS)
    rows = files.rows(base, files.tree(extra=CHANGED, holdout=ROWS))
    with pytest.raises(IntegrityError) as caught:
        rows.read({"texture": "number"})
    assert caught.value.problem == "the added features say otherwise what `radius` is in 1 row"
