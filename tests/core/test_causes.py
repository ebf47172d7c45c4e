from __future__ import annotations

import math

import pytest

from mlci.core.causes import (
    MOST_VALUES,
    OffsetEvidence,
    RatioEvidence,
    RepeatEvidence,
    ShiftEvidence,
    TruncationEvidence,
    ValueEvidence,
    decimal_comma,
    duplicated_delivery,
    encoding_damage,
    new_category,
    shifted_columns,
    time_zone,
    truncated_delivery,
    turned_back,
    unit_change,
)


def evidence(
    failing: int = 12,
    matched: int = 12,
    smallest: float | None = 1000.0,
    largest: float | None = 1000.0,
    passing: int = 0,
) -> RatioEvidence:
    return RatioEvidence(failing, matched, smallest, largest, passing)


def test_unit_change__names_the_unit_where_it_is_known() -> None:
    cause = unit_change("mean_radius", "micrometre", evidence())
    assert cause is not None
    assert cause.code == "unit-changed"
    assert cause.ratio == 1000
    assert cause.sentence == (
        "every failing row has 1000 × its value of `mean_radius` in base: delivered in nanometre instead of micrometre?"
    )


@pytest.mark.parametrize("unit", [None, "widget"])
def test_unit_change__gives_the_ratio_where_the_unit_is_not_known(unit: str | None) -> None:
    cause = unit_change("x", unit, evidence(smallest=0.3048, largest=0.3048))
    assert cause is not None
    assert cause.sentence == "every failing row has 0.3048 × its value of `x` in base: delivered in another unit?"


@pytest.mark.parametrize(
    ("passing", "ending"),
    [
        (1, " 1 more row changed by the same ratio and passed."),
        (4200, " 4,200 more rows changed by the same ratio and passed."),
    ],
)
def test_unit_change__tells_of_rows_that_passed_although_they_changed(passing: int, ending: str) -> None:
    cause = unit_change("x", "m", evidence(passing=passing))
    assert cause is not None
    assert cause.sentence.endswith("delivered in mm instead of m?" + ending)


def test_unit_change__allows_for_values_printed_with_seven_digits() -> None:
    assert unit_change("x", None, evidence(smallest=999.9999, largest=1000.0001)) is not None


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(evidence(smallest=999.9, largest=1000.0), id="ratios differ slightly"),
        pytest.param(evidence(matched=11), id="a failing row whose key is not in base"),
        pytest.param(evidence(smallest=1.0, largest=1.0), id="nothing changed"),
        pytest.param(evidence(smallest=1.0000005, largest=1.0000005), id="nothing but rounding changed"),
        pytest.param(evidence(failing=2, matched=2), id="two rows may be chance"),
        pytest.param(evidence(failing=0, matched=0, smallest=None, largest=None), id="no row fails"),
        pytest.param(evidence(smallest=-1.0, largest=-1.0), id="the sign changed"),
        pytest.param(evidence(smallest=0.0, largest=0.0), id="all values became zero"),
        pytest.param(evidence(smallest=math.inf, largest=math.inf), id="the ratio overflows"),
        pytest.param(evidence(smallest=math.nan, largest=math.nan), id="the ratio is none"),
    ],
)
def test_unit_change__does_not_name_a_near_miss(near_miss: RatioEvidence) -> None:
    assert unit_change("x", "micrometre", near_miss) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(3600.0, "1 hour later"), (-7200.0, "2 hours earlier"), (46800.0, "13 hours later")]
)
def test_time_zone__is_named_by_its_hours(seconds: float, words: str) -> None:
    cause = time_zone("at", OffsetEvidence(9, 9, seconds, seconds))
    assert cause is not None
    assert cause.code == "time-zone"
    assert cause.sentence == f"`at` is {words} than in base in every failing row: another time zone?"


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(OffsetEvidence(9, 9, 3600.0, 3601.0), id="one row is off by a second more"),
        pytest.param(OffsetEvidence(9, 9, 1800.0, 1800.0), id="half an hour"),
        pytest.param(OffsetEvidence(9, 8, 3600.0, 3600.0), id="a failing row whose key is not in base"),
        pytest.param(OffsetEvidence(2, 2, 3600.0, 3600.0), id="two rows may be chance"),
        pytest.param(OffsetEvidence(9, 9, 0.0, 0.0), id="nothing changed"),
        pytest.param(OffsetEvidence(9, 9, 27 * 3600.0, 27 * 3600.0), id="more than between any two zones"),
        pytest.param(OffsetEvidence(9, 9, None, None), id="no time"),
    ],
)
def test_time_zone__does_not_name_a_near_miss(near_miss: OffsetEvidence) -> None:
    assert time_zone("at", near_miss) is None


def values(
    *allowed: str, counts: dict[str, int], complete: bool = True, base: tuple[str, ...] | None = ()
) -> ValueEvidence:
    return ValueEvidence(counts, complete, frozenset(allowed), None if base is None else frozenset(base))


def test_new_category__is_named_with_its_values_where_they_may_be_shown() -> None:
    cause = new_category("size", values("small", "large", counts={"huge": 4}), shows_values=True)
    assert cause is not None
    assert cause.sentence == ("one value of `size` that base does not have makes up every failing row: a new category?")
    assert cause.values == ("huge",)
    hidden = new_category("size", values("small", counts={"huge": 4, "tiny": 3}), shows_values=False)
    assert hidden is not None
    assert hidden.sentence == ("2 values of `size` that base does not have make up every failing row: a new category?")
    assert hidden.values == ()


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(values("small", base=("huge",), counts={"huge": 4}), id="base has it already"),
        pytest.param(values("small", counts={"huge": 4, "smal": 1}), id="one of them is a single typing error"),
        pytest.param(values("small", counts={"Small": 4}), id="another spelling of a listed value"),
        pytest.param(values("small", counts={" small ": 4}), id="blanks around a listed value"),
        pytest.param(values("small", counts={"a": 3, "b": 3, "c": 3, "d": 3, "e": 3, "f": 3}), id="many values"),
        pytest.param(values("small", base=None, counts={"huge": 4}), id="no base to tell"),
        pytest.param(values("small", complete=False, counts={"huge": 4}), id="more values than were looked at"),
    ],
)
def test_new_category__does_not_name_a_near_miss(near_miss: ValueEvidence) -> None:
    assert new_category("size", near_miss, shows_values=True) is None


@pytest.mark.parametrize(
    "evidence",
    [
        values("München", "Zürich", counts={"MÃ¼nchen": 3}),
        values(base=("Ávila", "München"), counts={"MÃ¼nchen": 1, "Ã\x81vila": 2}),
        values(base=("50 €",), counts={"50 â\u201a¬": 7}),
    ],
)
def test_encoding_damage__is_named_where_values_turned_back_are_right(evidence: ValueEvidence) -> None:
    cause = encoding_damage("town", evidence)
    assert cause is not None
    assert cause.sentence == (
        "every failing value of `town` is right once UTF-8 that was read as Windows-1252 is turned back: saved or "
        "loaded with another encoding?"
    )


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(values("München", counts={"MÃ¼nchen": 3, "Munich": 1}), id="one value that was never damaged"),
        pytest.param(values("Zürich", counts={"MÃ¼nchen": 3}), id="what it reads then is not known either"),
        pytest.param(values("SÃO", "São", counts={"SÃO PAULO": 3}), id="a letter that also stands in damaged text"),
        pytest.param(values("München", counts={"MÃ¼nchen": 2}), id="two rows may be chance"),
        pytest.param(values("München", complete=False, counts={"MÃ¼nchen": 3}), id="more values than were looked at"),
        pytest.param(values("München", counts={"M�nchen": 3}), id="what was lost cannot be turned back"),
        pytest.param(values("", counts={"": 3}), id="nothing to turn back"),
    ],
)
def test_encoding_damage__does_not_name_a_near_miss(near_miss: ValueEvidence) -> None:
    assert encoding_damage("town", near_miss) is None


def test_turned_back__only_once() -> None:
    assert turned_back("München".encode().decode("latin-1")) == "München"
    assert turned_back("MÃ¼nchen".encode().decode("windows-1252")) == "MÃ¼nchen"


@pytest.mark.parametrize(
    "evidence",
    [values(counts={"1,5": 3}), values(counts={"1.234,50": 1, "-7,25": 2}), values(counts={"1,234": 5, "+0,5": 1})],
)
def test_decimal_comma__is_named(evidence: ValueEvidence) -> None:
    cause = decimal_comma("price", evidence)
    assert cause is not None
    assert cause.sentence == (
        "every failing value of `price` is a number with a decimal comma: exported in another language?"
    )


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(values(counts={"1,234": 5, "12,500": 9}), id="a comma between thousands"),
        pytest.param(values(counts={"1,5": 5, "n/a": 1}), id="one value that is no number"),
        pytest.param(values(counts={"1,2,5": 5}), id="two commas"),
        pytest.param(values(counts={"1,234.50": 5}), id="thousands with a point"),
        pytest.param(values(counts={"1.23,5": 5}), id="points that part no thousands"),
        pytest.param(values(counts={"1,5": 2}), id="two rows may be chance"),
        pytest.param(values(counts={"1,\N{ARABIC-INDIC DIGIT FIVE}": 3}), id="digits that are not ASCII"),
        pytest.param(values(complete=False, counts={"1,5": 3}), id="more values than were looked at"),
    ],
)
def test_decimal_comma__does_not_name_a_near_miss(near_miss: ValueEvidence) -> None:
    assert decimal_comma("price", near_miss) is None


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (
            ShiftEvidence(9, 3, right_by_left=9, right_by_right=0),
            "far to the right: a value too many in front of them?",
        ),
        (ShiftEvidence(9, 2, right_by_left=8, right_by_right=9), "far to the left: a value lost in front of them?"),
    ],
)
def test_shifted_columns__are_named_with_their_side(evidence: ShiftEvidence, words: str) -> None:
    cause = shifted_columns(evidence)
    assert cause is not None
    assert cause.sentence == f"in every failing row the values stand one column too {words}"


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(ShiftEvidence(9, 3, 8, 0), id="one row is right in no way"),
        pytest.param(ShiftEvidence(9, 1, 9, 0), id="one column at fault"),
        pytest.param(ShiftEvidence(9, 3, 9, 9), id="right by both sides tells nothing"),
        pytest.param(ShiftEvidence(2, 3, 2, 0), id="two rows may be chance"),
    ],
)
def test_shifted_columns__does_not_name_a_near_miss(near_miss: ShiftEvidence) -> None:
    assert shifted_columns(near_miss) is None


def test_duplicated_delivery__is_named_where_whole_rows_repeat() -> None:
    cause = duplicated_delivery(RepeatEvidence(failing=5, whole=5))
    assert cause is not None
    assert cause.sentence == "each of these rows repeats an earlier row in all columns: delivered or appended twice?"


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(RepeatEvidence(5, 4), id="one row has another value beside its key"),
        pytest.param(RepeatEvidence(2, 2), id="two rows may be chance"),
        pytest.param(RepeatEvidence(5, 0), id="keys that were given twice"),
        pytest.param(RepeatEvidence(5, 6), id="a row without a key repeats, too"),
    ],
)
def test_duplicated_delivery__does_not_name_a_near_miss(near_miss: RepeatEvidence) -> None:
    assert duplicated_delivery(near_miss) is None


def test_truncated_delivery__is_named_where_a_file_is_the_beginning_of_base() -> None:
    cause = truncated_delivery(TruncationEvidence(rows=431, base_rows=5690, equal=431))
    assert cause is not None
    assert cause.sentence == "the file is the first 431 of base's 5,690 rows, and then it ends: cut off?"


@pytest.mark.parametrize(
    "near_miss",
    [
        pytest.param(TruncationEvidence(431, 569, 430), id="one row changed"),
        pytest.param(TruncationEvidence(431, 569, 200), id="rows are missing from the middle"),
        pytest.param(TruncationEvidence(569, 569, 569), id="nothing is missing"),
        pytest.param(TruncationEvidence(2, 569, 2), id="two rows may be chance"),
        pytest.param(TruncationEvidence(0, 569, 0), id="no row at all"),
    ],
)
def test_truncated_delivery__does_not_name_a_near_miss(near_miss: TruncationEvidence) -> None:
    assert truncated_delivery(near_miss) is None


def test_most_values__is_what_evidence_holds() -> None:
    many = values(counts={f"{number},5": 1 for number in range(MOST_VALUES)})
    assert decimal_comma("price", many) is not None
