"""A pull request whose data were damaged in five ways: what its author reads, without opening the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Golden
    from tests.e2e.conftest import Project

CONFIGURATION = """\
version: 1
model: {name: late-trips, task: binary}
data: {trips: {path: data/trips.csv, contract: contracts/trips.yaml}}
train: {run: python train.py, data: [trips], model: model.skops}
evaluate: {data: trips, id: trip, label: late, positive: 1}
promote: {store: {directory: ../models}}
"""
CONTRACT = """\
columns:
  trip:     {type: integer, unique: true}
  distance: {type: number, min: 0, max: 60, unit: km}
  fare:     {type: number, min: 0, unit: euro}
  payment:  {type: string, enum: [card, cash]}
  street:   {type: string, pattern: "[A-Za-zäöüß ]+"}
  late:     {type: integer, enum: [0, 1]}
"""
STREETS = ("Mühlweg", "Königsallee", "Am Markt", "Hauptstraße")


def trips() -> list[list[str]]:
    return [
        [
            str(number),
            f"{2 + number * 7 % 50}.{number % 10}",
            f"{4 + number % 30}.50",
            ("card", "cash")[number % 2],
            STREETS[number % 4],
            str(number % 3 // 2),
        ]
        for number in range(1, 201)
    ]


def damaged() -> list[list[str]]:
    """Return the trips with a unit, decimal points, a payment, an encoding and a part of the delivery gone wrong."""
    rows = trips()
    for row in rows[20:60]:
        row[1] = f"{float(row[1]) * 1000:g}"
    for row in rows[80:95]:
        row[2] = row[2].replace(".", ",")
    for row in rows[110:130]:
        row[3] = "voucher"
    for row in rows[150:170]:
        row[4] = row[4].encode().decode("latin-1")
    return [*rows, *rows[:12]]


def write(project: Project, rows: list[list[str]]) -> None:
    lines = [",".join(f'"{value}"' if "," in value else value for value in row) for row in rows]
    content = "\n".join(["trip,distance,fare,payment,street,late", *lines, ""])
    (project.folder / "data" / "trips.csv").write_text(content, encoding="utf-8")


@pytest.fixture
def project(fresh: Project) -> Project:
    """A repository whose target branch has sound trips."""
    (fresh.folder / "mlci.yaml").write_text(CONFIGURATION)
    (fresh.folder / "contracts" / "trips.yaml").write_text(CONTRACT, encoding="utf-8")
    write(fresh, trips())
    fresh.commit("Trips")
    fresh.git("push", "--quiet")
    return fresh


def test_check__tells_each_of_five_damages_with_its_cause(project: Project, golden: Golden) -> None:
    assert project.mlci("validate").exit_code == 0
    write(project, damaged())
    assert project.mlci("check").exit_code == 1
    golden("comment/five-damages.md", (project.folder / ".mlci" / "report.md").read_text())
