from __future__ import annotations

from mlci.core.contract.constraints import constraints
from mlci.core.contract.lines import lines_of
from mlci.core.contract.model import Contract
from mlci.core.documents import read_located_model

TEXT = """\
columns:
  id: {type: integer, unique: true}
  name:
    type: string
    max_null: 2%
    length: {min: 1, max: 9}
    pattern: "[a-z]+"
  at: {type: date}
extra: false
rows:
  min: 3
  change: {within: 20%}
keys:
  - [id, at]
  - [name, at]
rules:
  - {name: one, check: id > 0}
  - name: two
    check: id < 9
aggregates:
  - {name: some, aggregate: count() > 1}
references:
  id: others.id
freshness: {at: 2d}
balance:
  name:
    min: 1%
    max: 90%
conflicts:
  name: {}
"""
LINES = {
    "columns.id.present": 2, "columns.id.type": 2, "columns.id.required": 2, "columns.id.unique": 2,
    "columns.name.present": 3, "columns.name.type": 4, "columns.name.required": 5, "columns.name.length_min": 6,
    "columns.name.length_max": 6, "columns.name.pattern": 7, "columns.at.present": 8, "columns.at.type": 8,
    "columns.at.required": 8, "extra": 9, "rows.min": 11, "rows.change": 12, "keys.at.id": 14, "keys.at.name": 15,
    "rules.one": 17, "rules.two": 18, "aggregates.some": 21, "references.id": 23, "freshness.at": 24,
    "balance.name.min": 27, "balance.name.max": 28, "conflicts.name": 30,
}  # fmt: skip


def test_lines__say_where_each_constraint_stands() -> None:
    contract, document = read_located_model(TEXT.encode(), Contract, "1f2e3d:contracts/c.yaml")
    found = lines_of(contract, document, "contracts/c.yaml")
    assert {".".join(key): where for key, where in found.items()} == {
        key: f"contracts/c.yaml:{line}" for key, line in LINES.items()
    }
    assert set(found) == {each.key for each in constraints(contract)}
