"""No text of a contract, an expression, a data set's name or a path has a meaning for the engine.

The same data under the same contract are checked twice, once with plain names and values and once with others: what is
found must be the same. A text that reached SQL without being quoted would break the query, or change what it counts.
"""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.data_files import one_file
from mlci.core.leak_rule import LeakRule

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("csv", "jsonl", "parquet")
NOW = datetime(2024, 3, 1, tzinfo=UTC)
COLUMNS = ("key", "band", "day", "price", "label", "other")
TYPES = ("BIGINT", "VARCHAR", "DATE", "DECIMAL(12, 2)", "VARCHAR", "VARCHAR")
HOSTILE = [
    'x"; DROP TABLE data; --', "a' OR '1'='1", "$p0", "c0", "row", "data_text", "{x}", "%s", "/* x",
    "id) FROM (SELECT 1", "\\", "'", '"', "``", "data.c1", "NULL", "*", "p0::INTEGER", "e0", "v0", "places", "filename",
    "file_row_number",
    "$source", "E'\\x27'",
]  # fmt: skip
SIGNS = "'\"`;-$(){}[]%\\/*,.:#@=|c0n "


@dataclass(frozen=True)
class Texts:
    """What columns and values are called."""

    columns: tuple[str, ...]
    values: tuple[str, ...]
    folder: str

    def name(self, column: str) -> str:
        return self.columns[COLUMNS.index(column)]


PLAIN = Texts(COLUMNS, ("small", "medium", "large"), "folder")


def rows(texts: Texts, *, until: int) -> Iterator[tuple[int, str, str, str, str, str]]:
    small, medium, large = texts.values
    for number in range(1, until):
        yield (
            number % 27, (small, medium, large)[number % 7 % 3], f"2024-01-{1 + number % 28:02}",
            f"{number % 11}.50", (small, medium)[number % 5 // 4], (large, medium, small)[number % 3],
        )  # fmt: skip


def write(path: Path, form: str, texts: Texts, *, until: int = 60) -> Path:
    """Write rows as a file of a format."""
    path.parent.mkdir(exist_ok=True)
    listed = list(rows(texts, until=until))
    match form:
        case "csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([texts.columns, *listed])
        case "jsonl":
            objects = (json.dumps(dict(zip(texts.columns, row, strict=True))) for row in listed)
            path.write_text("".join(f"{each}\n" for each in objects), encoding="utf-8")
        case _:
            quoted = [name.replace('"', '""') for name in texts.columns]
            columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(quoted, TYPES, strict=True))
            with duckdb.connect() as connection:
                connection.execute(f"CREATE TABLE made ({columns})")
                connection.executemany("INSERT INTO made VALUES (?, ?, ?, ?, ?, ?)", listed)
                place = path.as_posix().replace("'", "''")
                connection.execute(f"COPY made TO '{place}' (FORMAT parquet)")
    return path


def contract(texts: Texts) -> Contract:
    key, band, day, price, label, other = texts.columns
    called = {name: "`" + text.replace("`", "``") + "`" for name, text in zip(COLUMNS, texts.columns, strict=True)}
    small, medium, _ = ("'" + text.replace("'", "''") + "'" for text in texts.values)
    return Contract.model_validate(
        {
            "columns": {
                key: {"type": "integer", "unique": True},
                band: {"type": "string", "enum": list(texts.values[:2])},
                day: {"type": "date", "min": "2024-01-03"},
                price: {"type": "decimal", "precision": 12, "scale": 2, "max": "9.50"},
                label: {"type": "string"},
                other: {"type": "string", "enum": [texts.values[0]], "severity": "warn"},
            },
            "keys": [[band, other]],
            "rules": [
                {"name": "texts", "check": f"{called['band']} == {small} or {called['label']} in ({medium}, 'x')",
                 "when": f"{called['day']} >= date '2024-01-05'"},
                {"name": "decimals", "check": f"coalesce({called['price']}, 1.25) * 2 <= 12.50"},
            ],
            "aggregates": [
                {"name": "share", "aggregate": f"share({called['band']} == {small}) > 0.9"},
                {"name": "groups", "aggregate": f"mean({called['price']}) < 5 and count() > 20", "by": other},
            ],
            "references": {other: f"others.{texts.name('label')}"},
            "freshness": {day: "2d"},
            "balance": {label: {"min": "45%", "change": {"within": "0.01%"}}},
            "conflicts": {label: {"ignore": [key, day, price]}},
            "rows": {"change": {"within": "5%"}},
        }
    )  # fmt: skip


def told(folder: Path, form: str, texts: Texts) -> list[Any]:
    """Return what is found in rows that are called so, without what they are called."""
    place = folder / texts.folder
    made, before = (write(place / f"{name}.{form}", form, texts, until=count) for name, count in (("a", 60), ("b", 50)))
    others = {"others": one_file(write(place / f"o'.{form}", form, texts, until=9))}
    demanded = contract(texts)
    report = DuckdbData(lambda: NOW).validate(
        "trips", one_file(made), constraints(demanded), base=one_file(before), key=texts.name("key"), others=others,
        profiled=True,
    )  # fmt: skip
    findings = [
        (each.kind, each.failing, each.checked, len(each.measured), [row.line for row in each.examples],
         each.cause and each.cause.code)
        for each in report.findings
    ]  # fmt: skip
    profiles = [(each.missing, each.distinct, len(each.frequent)) for each in report.profile.columns]
    rule = LeakRule.model_validate({"sets": ["one", "two"], "group": texts.name("other")})
    specs = {name: demanded.column(name) for name in texts.columns}
    leaks = DuckdbData().leaks(rule, {"one": one_file(made), "two": one_file(before)}, specs)
    return [findings, profiles, list(numbers(asdict(leaks)))]


def numbers(value: object) -> Iterator[float]:
    """Yield every number in VALUE, in order."""
    match value:
        case int() | float():
            yield value
        case dict():
            for each in value.values():
                yield from numbers(each)
        case list() | tuple():
            for each in value:
                yield from numbers(each)
        case _:
            return


@pytest.fixture(scope="module", params=FORMATS)
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Any]]:
    """A format, and what is found in plain rows of it."""
    return request.param, told(tmp_path_factory.mktemp("plain"), request.param, PLAIN)


def test_check__finds_something_of_every_kind_in_plain_rows(plain: tuple[str, list[Any]]) -> None:
    findings, profiles, leaked = plain[1]
    assert {kind for kind, *_ in findings} == {
        "unique", "enum", "min", "max", "key", "rule", "aggregate", "freshness", "balance_min", "balance_change",
        "conflicts", "rows_change", "reference",
    }  # fmt: skip
    assert (len(profiles), any(leaked)) == (len(COLUMNS), True)


@pytest.mark.parametrize("first", [0, 6, 12, 18])
def test_check__finds_the_same_whatever_columns_values_and_folders_are_called(
    plain: tuple[str, list[Any]], tmp_path: Path, first: int
) -> None:
    form, expected = plain
    columns, values = tuple(HOSTILE[first : first + 6]), tuple((HOSTILE[first + 3 :] + HOSTILE)[:3])
    assert told(tmp_path, form, Texts(columns, values, "it's; -- $x")) == expected


NAMES = st.sampled_from(HOSTILE) | st.text(SIGNS, min_size=1, max_size=12).filter(lambda text: text.strip() == text)
TEXTS = st.builds(
    Texts,
    st.lists(NAMES, min_size=6, max_size=6, unique_by=str.lower).map(tuple),
    st.lists(NAMES, min_size=3, max_size=3, unique_by=str.lower).map(tuple),
    st.sampled_from(["it's; -- $x", '"', "{x}", "%s $1"]),
)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(texts=TEXTS)
def test_check__finds_the_same_whatever_anything_is_called(plain: tuple[str, list[Any]], texts: Texts) -> None:
    form, expected = plain
    with tempfile.TemporaryDirectory() as folder:
        assert told(Path(folder), form, texts) == expected
