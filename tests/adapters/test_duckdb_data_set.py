from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from mlci.adapters.csv_reading import CsvReading
from mlci.adapters.duckdb import DuckdbData
from mlci.adapters.duckdb_connection import locked_connection
from mlci.adapters.duckdb_scan import counted
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.data_files import one_file
from mlci.core.data_format import CsvFormat
from mlci.core.findings import MASK
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.adapters.reading import AddParameter
    from mlci.core.findings import Finding

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def found(
    folder: Path,
    columns: dict[str, Any],
    text: str,
    *,
    base: str | None = None,
    others: dict[str, str] | None = None,
    **parts: object,
) -> list[Finding]:
    """Return what is wrong with TEXT, a line each word, the first the header."""
    contract = Contract.model_validate({"columns": columns, **parts})

    def file(name: str, lines: str) -> Path:
        path = folder / f"{name}.csv"
        path.write_text("".join(f"{line}\n" for line in lines.split()))
        return path

    report = DuckdbData(lambda: NOW).validate(
        "orders",
        one_file(file("orders", text)),
        constraints(contract),
        base=None if base is None else one_file(file("base", base)),
        key="id",
        others={name: one_file(file(name, text)) for name, text in (others or {}).items()},
    )
    return list(report.findings)


def told(findings: list[Finding]) -> list[tuple[str, int, int, list[int], tuple[str, ...]]]:
    return [
        (each.sentence, each.failing, each.checked, [row.line for row in each.examples], each.measured)
        for each in findings
    ]


ORDERS = {"id": {"type": "integer"}, "customer": {"type": "integer", "required": False}}
REFERENCE: dict[str, Any] = {"customer": "customers.id"}


def test_reference__counts_and_shows_rows_that_refer_to_nothing(folder: Path) -> None:
    rows = "id,customer 1,7 2,8 3, 4,9 5,08"
    findings = found(folder, ORDERS, rows, others={"customers": "name,id a,7 b,10 c,"}, references=REFERENCE)
    assert told(findings) == [
        ("`customer` is none of `customers.id` in 3 of 4 rows (75%)", 3, 4, [3, 5, 6], ()),
    ]
    assert [(row.key, row.value) for row in findings[0].examples] == [("2", "8"), ("4", "9"), ("5", "08")]


def test_reference__values_are_compared_not_how_they_are_written(folder: Path) -> None:
    others = {"customers": "id 007 x"}
    assert found(folder, ORDERS, "id,customer 1,7 2,+7", others=others, references=REFERENCE) == []


def test_reference__to_a_data_set_without_rows(folder: Path) -> None:
    (finding,) = found(folder, ORDERS, "id,customer 1,7 2,", others={"customers": "id"}, references=REFERENCE)
    assert (finding.failing, finding.checked) == (1, 1)


@pytest.mark.parametrize(("tolerance", "count"), [({"max_share": "25%"}, 0), ({"max_count": 1}, 0), ({}, 1)])
def test_reference__tolerates_some(folder: Path, tolerance: dict[str, Any], count: int) -> None:
    references = {"customer": {"to": "customers.id", "severity": "warn", "owner": "@acme/shop", **tolerance}}
    rows = "id,customer 1,7 2,7 3,7 4,8"
    findings = found(folder, ORDERS, rows, others={"customers": "id 7"}, references=references)
    assert [(each.severity, each.owner) for each in findings] == [("warn", "@acme/shop")] * count


def test_reference__a_column_that_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        found(folder, ORDERS, "id,customer 1,7", others={"customers": "ident 7"}, references=REFERENCE)
    assert caught.value.code == "reference-column-missing"
    assert caught.value.problem == "`customer` refers to `customers.id`, and customers.csv has no column `id`"


def test_reference__of_several_columns_to_the_same_one(folder: Path) -> None:
    columns = {
        "id": {"type": "integer"},
        "from": {"type": "string"},
        "to": {"type": "string"},
        "over": {"type": "integer", "severity": "warn"},
    }
    references = dict.fromkeys(["from", "to", "over"], "places.code")
    rows = "id,from,to,over 1,7,07,07 2,x,y,x 3,y,x,8"
    findings = found(folder, columns, rows, others={"places": "code x 7 y"}, references=references)
    assert told(findings) == [
        ("`over` is not a whole number in 1 of 3 rows (33.3%)", 1, 3, [3], ()),
        ("`to` is none of `places.code` in 1 of 3 rows (33.3%)", 1, 3, [2], ()),
        ("`over` is none of `places.code` in 1 of 2 rows (50%)", 1, 2, [4], ()),
    ]


def test_row_rules__references_among_them_are_counted_in_one_pass(folder: Path) -> None:
    asked: list[str] = []

    class Watched(CsvReading):
        @override
        def table(self, parameter: AddParameter) -> str:
            asked.append(self.name)
            return super().table(parameter)

    orders, customers = folder / "orders.csv", folder / "customers.csv"
    orders.write_text("id,customer,price\n1,7,2.5\n2,8,-1\n")
    customers.write_text("id\n7\n")
    contract = Contract.model_validate(
        {
            "columns": {"id": {"type": "integer", "unique": True}, "price": {"type": "number", "min": 0}, **ORDERS},
            "rules": [{"name": "later", "check": "customer > id"}],
            "aggregates": [{"name": "cheap", "aggregate": "mean(price) < 10"}],
            "references": REFERENCE,
        }
    )
    listed = [each for each in constraints(contract) if each.kind not in {"present", "extra"}]
    columns = list({column.name: column for each in listed for column in each.columns}.values())
    with (
        Watched(one_file(orders), CsvFormat()) as reading,
        Watched(one_file(customers), CsvFormat()) as other,
        locked_connection((*reading.sources, *other.sources)) as connection,
    ):
        others = {"customers": other}
        told = counted(connection, reading, listed, set(), columns=columns, dataset="orders", others=others).told
    assert asked == [reading.name, other.name]
    failing = {each.kind: told[id(each)].failing for each in listed}
    assert (failing["reference"], failing["min"], failing["rule"]) == (1, 1, 0)


@given(
    ours=st.lists(st.sampled_from(["", "1", "2", "3", "x"]), min_size=1, max_size=8),
    theirs=st.lists(st.sampled_from(["", "1", "2", "y"]), max_size=4),
)
def test_reference__is_membership(tmp_path_factory: pytest.TempPathFactory, ours: list[str], theirs: list[str]) -> None:
    rows = " ".join(["id,customer", *(f"{n},{value}" for n, value in enumerate(ours))])
    others = {"customers": " ".join(["k,id", *(f"k,{value}" for value in theirs)])}
    columns = {"customer": {"type": "integer", "severity": "warn", "required": False}}
    findings = found(tmp_path_factory.mktemp("rows"), columns, rows, others=others, references=REFERENCE)
    orphans = [n + 2 for n, value in enumerate(ours) if value in {"1", "2", "3"} - {*theirs}]
    shown = [row.line for each in findings if each.kind == "reference" for row in each.examples]
    assert shown == orphans[:5]
    assert sum(each.failing for each in findings if each.kind == "reference") == len(orphans)


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (8, []),
        (12, []),
        (7, ["there are 3 rows more or fewer than at base, which has 10; at most 20% are allowed"]),
        (13, ["there are 3 rows more or fewer than at base, which has 10; at most 20% are allowed"]),
    ],
)
def test_rows_change__is_held_against_base(folder: Path, count: int, sentence: list[str]) -> None:
    base, rows = (" ".join(["id", *map(str, range(n))]) for n in (10, count))
    columns, bounds = {"id": {"type": "integer"}}, {"change": {"within": "20%"}}
    assert [each.sentence for each in found(folder, columns, rows, base=base, rows=bounds)] == sentence


@pytest.mark.parametrize("base", [None, 'a"b'])
def test_rows_change__without_a_base_that_can_be_read_nothing_is_told(folder: Path, base: str | None) -> None:
    columns, bounds = {"id": {"type": "integer"}}, {"change": {"within": "0%"}}
    assert found(folder, columns, "id 1", base=base, rows=bounds) == []


@pytest.mark.parametrize(
    ("type_", "rows", "age", "sentence", "measured"),
    [
        ("date", "seen 2024-01-01 2024-02-29", "1d", None, ()),
        ("date", "seen 2024-02-28 2024-02-27", "1d", "is not of the last 1d", ("newest seen = 2024-02-28",)),
        ("timestamp", "seen 2024-03-01T10:00", "2h", None, ()),
        (
            "timestamp",
            "seen 2024-03-01T09:59:59",
            "2h",
            "is not of the last 2h",
            ("newest seen = 2024-03-01 09:59:59",),
        ),
        ("timestamp_with_zone", "seen 2024-03-01T11:00+01:00", "2h", None, ()),
        (
            "timestamp_with_zone",
            "seen 2024-03-01T10:30+01:00",
            "2h",
            "is not of the last 2h",
            ("newest seen = 2024-03-01 09:30:00",),
        ),
        ("date", "seen 2024-03-02", "1d", None, ()),
        ("date", "seen 2999-01-01 2024-03-01", "1d", "is not of the last 1d", ("newest seen = 2999-01-01",)),
    ],
)
def test_freshness__is_told_by_the_newest(
    folder: Path, type_: str, rows: str, age: str, sentence: str | None, measured: tuple[str, ...]
) -> None:
    findings = found(folder, {"seen": {"type": type_}}, rows, freshness={"seen": age})
    assert [(each.sentence, each.measured) for each in findings] == (
        [(f"the newest `seen` {sentence}", measured)] if sentence else []
    )


def test_freshness__of_no_value_is_broken(folder: Path) -> None:
    columns = {"id": {"type": "integer"}, "seen": {"type": "date", "required": False}}
    findings = found(folder, columns, "id,seen 1,", freshness={"seen": {"max_age": "1d", "severity": "warn"}})
    sentence = "`seen` has no value in any row, so nothing tells how old the data is"
    assert [(each.sentence, each.failing, each.checked, each.severity) for each in findings] == [
        (sentence, 1, 0, "warn")
    ]


def test_freshness__hides_a_value_of_people(folder: Path) -> None:
    (finding,) = found(folder, {"born": {"type": "date", "pii": True}}, "born 1990-01-01", freshness={"born": "1d"})
    assert finding.measured == (f"newest born = {MASK}",)


ILL = {"id": {"type": "integer"}, "ill": {"type": "string", "required": False, "enum": ["yes", "no", "dead"]}}


def test_balance__bounds_the_share_of_each_class(folder: Path) -> None:
    rows = "id,ill 1,yes 2,no 3,no 4,no 5,no 6, 7,no 8,no 9,no 10,no 11,no"
    findings = found(folder, ILL, rows, balance={"ill": {"min": "10%", "max": "80%"}})
    assert told(findings) == [
        ("1 of 3 classes of `ill` has less than 10% of the rows", 1, 3, [], ("ill = dead: 0%",)),
        ("1 of 3 classes of `ill` has more than 80% of the rows", 1, 3, [], ("ill = no: 90%",)),
    ]


def test_balance__at_its_bounds_holds(folder: Path) -> None:
    columns = {"ill": {"type": "integer"}}
    assert found(folder, columns, "ill 1 1 0 0 0", balance={"ill": {"min": "40%", "max": "60%"}}) == []


def test_balance__is_held_against_base(folder: Path) -> None:
    columns = {"ill": {"type": "integer", "pii": True}}
    balance = {"ill": {"change": {"within": "10%"}}}
    base = "ill 1 1 1 1 1 0 0 0 0 0"
    assert found(folder, columns, "ill 1 1 1 1 0 0 0 0 0 0", base=base, balance=balance) == []
    assert told(found(folder, columns, "ill 1 1 1 0 0 0 0 0 0 2", base=base, balance=balance)) == [
        (
            "1 of 3 classes of `ill` has a share that differs from base's by more than 10 points",
            1,
            3,
            [],
            (f"ill = {MASK}: 50% → 30%",),
        )
    ]


def test_balance__a_class_that_vanished_has_nothing(folder: Path) -> None:
    balance = {"ill": {"change": {"within": "10%"}}}
    (finding,) = found(folder, {"ill": {"type": "boolean"}}, "ill true", base="ill true false", balance=balance)
    assert finding.measured == ("ill = true: 50% → 100%", "ill = false: 50% → 0%")


@pytest.mark.parametrize("base", [None, "other 1"])
def test_balance__without_a_base_that_has_the_column_nothing_is_told(folder: Path, base: str | None) -> None:
    balance = {"ill": {"change": {"within": "0%"}}}
    assert found(folder, {"ill": {"type": "integer"}}, "ill 1", base=base, balance=balance) == []


def test_balance__of_what_has_no_classes_is_refused(folder: Path) -> None:
    rows = " ".join(["ill", *map(str, range(10_001))])
    with pytest.raises(RejectedError) as caught:
        found(folder, {"ill": {"type": "integer"}}, rows, balance={"ill": {"max": "90%"}})
    assert (caught.value.code, caught.value.problem) == (
        "too-many-classes",
        "orders.csv: `ill` has more than 10,000 classes",
    )


CELLS: dict[str, Any] = {
    "id": {"type": "integer", "unique": True},
    "a": {"type": "number", "required": False, "severity": "warn"},
    "b": {"type": "string", "required": False},
    "ill": {"type": "boolean", "required": False},
}


def test_conflicts__count_rows_that_contradict_each_other(folder: Path) -> None:
    rows = "id,a,b,ill 1,1,x,true 2,1.0,x,false 3,1,y,true 4,1,x, 5,1,x,TRUE 6,,x,true 7,,x,false 8,2,,true"
    findings = found(folder, CELLS, rows, conflicts={"ill": {}})
    assert told(findings) == [
        ("`ill` contradicts a row with equal features in 5 of 7 rows (71.4%)", 5, 7, [2, 3, 6, 7, 8], ()),
    ]
    assert findings[0].examples[0].value == "ill = true, a = 1, b = x"


def test_conflicts__what_is_ill_typed_is_equal_to_what_is_written_alike(folder: Path) -> None:
    findings = found(folder, CELLS, "id,a,b,ill 1,n/a,x,true 2,?,x,false 3,?,x,true", conflicts={"ill": {}})
    assert [(each.failing, [row.line for row in each.examples]) for each in findings if each.kind == "conflicts"] == [
        (2, [3, 4])
    ]


def test_conflicts__in_what_is_ignored_make_rows_no_others(folder: Path) -> None:
    rows = "id,a,b,ill 1,1,x,true 2,1,y,false"
    assert found(folder, CELLS, rows, conflicts={"ill": {}}) == []
    (finding,) = found(folder, CELLS, rows, conflicts={"ill": {"ignore": ["b"], "max_count": 1}})
    assert finding.sentence == "`ill` contradicts a row with equal features in 2 of 2 rows (100%; at most 1 may)"
    assert found(folder, CELLS, rows, conflicts={"ill": {"ignore": ["b"], "max_share": "100%"}}) == []


def test_whole__a_column_that_is_absent_is_not_checked(folder: Path) -> None:
    columns = {"x": {"type": "integer"}, "y": {"type": "date", "optional": True}}
    parts: dict[str, Any] = {
        "references": {"y": "days.day"},
        "freshness": {"y": "1d"},
        "balance": {"y": {"min": "1%"}},
        "conflicts": {"y": {}},
    }
    assert found(folder, columns, "x 1", others={"days": "day"}, **parts) == []


def test_freshness__without_a_clock_is_a_mistake_of_ours(folder: Path) -> None:
    contract = Contract.model_validate({"columns": {"seen": {"type": "date"}}, "freshness": {"seen": "1d"}})
    path = folder / "orders.csv"
    path.write_text("seen\n2024-01-01\n")
    with pytest.raises(TypeError, match="told by a clock"):
        DuckdbData().validate("orders", one_file(path), constraints(contract))
