"""Columns that give the label away: they equal it, determine it, or sum to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mlci.adapters.duckdb_query import Query
from mlci.core.contract.scalar import NUMERIC
from mlci.core.leaks import LabelEvidence, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    import numpy as np

    from mlci.adapters.reading import Reading
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.leak_rule import LeakRule

    Matrix = np.ndarray[Any, np.dtype[np.float64]]

FEWEST_ROWS: Final = 20
"""With fewer rows a column may determine a label, or a sum be it, by chance."""
ROWS_A_VALUE: Final = 5
"""On average so many rows must have the same value of a column that is said to determine the label."""
ROWS_A_COLUMN: Final = 5
"""So many rows are needed for each column that a sum may be made of."""
SAMPLE: Final = 2_000
"""The first rows, from which a sum is guessed; whether it holds is asked of all."""
MOST_COLUMNS: Final = 200
_CLOSE: Final = 1e-9
"""A sum of doubles is the label if it is that close to it, as a part of the largest label."""


def label_evidence(
    connection: duckdb.DuckDBPyConnection,
    rule: LeakRule,
    name: str,
    reading: Reading,
    columns: Mapping[str, ColumnSpec],
) -> LabelEvidence:
    """Return what gives the label of RULE away in the set NAME."""
    label = str(rule.label)
    features = [each for each in reading.names if each not in {*rule.ignore, rule.group, rule.time, label}]
    if reading.rows < FEWEST_ROWS or not features:
        return LabelEvidence(name, reading.rows)
    equal, determining = _one_column(connection, reading, features, label)
    left = [each for each in features if each not in equal]
    return LabelEvidence(
        dataset=name,
        rows=reading.rows,
        equal=tuple(equal),
        determining=tuple((each, values) for each, values in determining.items() if each not in equal),
        relation=_relation(connection, reading, left, label, columns),
    )


def _one_column(
    connection: duckdb.DuckDBPyConnection, reading: Reading, features: Sequence[str], label: str
) -> tuple[list[str], dict[str, int]]:
    """Return the features that hold the label, and those each value of which goes with one label.

    Both are guessed from the first rows and then asked of all, since few columns are guessed.
    """
    labels, equal, determining = _asked(connection, reading, features, label, SAMPLE)
    guessed = features if labels <= 1 else [*dict.fromkeys((*equal, *determining))]
    if not guessed:
        return [], {}
    _, equal, determining = _asked(connection, reading, guessed, label, None)
    return equal, determining


def _asked(
    connection: duckdb.DuckDBPyConnection, reading: Reading, features: Sequence[str], label: str, rows: int | None
) -> tuple[int, list[str], dict[str, int]]:
    """Return of the first ROWS, or of all, how many labels there are, and the features as `_one_column` does."""
    query = Query(reading)
    of_label = query.raw(label)
    listed = [f"count(DISTINCT {of_label})"]
    for each in features:
        value = query.raw(each)
        listed += [
            f"count(*) FILTER (WHERE {value} IS DISTINCT FROM {of_label})",
            f"count(DISTINCT {value})",
            f"count(DISTINCT hash({value}, {of_label})) FILTER (WHERE {value} IS NOT NULL)",
            f"count({value})",
        ]
    limit = "" if rows is None else f"LIMIT {rows}"
    sql = f"WITH {query.tables()}, first AS (SELECT * FROM {query.name} {limit}) SELECT {', '.join(listed)} FROM first"  # noqa: S608 - positions and parameters only
    labels, *told = connection.execute(sql, query.parameters).fetchone() or (0,)
    equal: list[str] = []
    determining: dict[str, int] = {}
    for place, each in enumerate(features):
        differing, values, pairs, present = told[4 * place : 4 * place + 4]
        if labels > 1 and differing == 0:
            equal.append(each)
        elif labels > 1 and values > 1 and values == pairs and present >= ROWS_A_VALUE * values:
            determining[each] = values
    return labels, equal, determining


def _relation(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    features: Sequence[str],
    label: str,
    columns: Mapping[str, ColumnSpec],
) -> Relation | None:
    """Return the fewest columns of numbers whose sum, each times a factor, is the label in every row; None if none."""
    numbers = [each for each in (*features, label) if each in columns and columns[each].type in NUMERIC]
    if label not in numbers or not 1 < len(numbers) <= MOST_COLUMNS:
        return None
    query = Query(reading)
    values = [f"CAST({query.value(columns[each])} AS DOUBLE)" for each in numbers]
    whole = " AND ".join(f"{value} IS NOT NULL" for value in values)
    sql = f"WITH {query.tables()} SELECT {', '.join(values)} FROM {query.name} WHERE {whole} LIMIT {SAMPLE}"  # noqa: S608 - as above
    rows = connection.execute(sql, query.parameters).fetchall()
    guess = _guess(rows, numbers[:-1])
    if guess is None or not _holds(connection, reading, guess, columns[label], columns):
        return None
    return guess


def _guess(rows: Sequence[tuple[float, ...]], names: Sequence[str]) -> Relation | None:
    """Return the sum that the last value of ROWS is of the others, with as few columns as it needs."""
    import numpy as np  # noqa: PLC0415 - only where there is a label to look at

    if len(rows) < max(FEWEST_ROWS, ROWS_A_COLUMN * (len(names) + 1)):
        return None
    table = np.array(rows, dtype=np.float64)
    target = table[:, -1]
    if np.ptp(target) == 0:
        return None
    kept = [place for place in range(len(names)) if np.ptp(table[:, place]) > 0]
    if not kept or not _is_exact(table[:, kept], target):
        return None
    for place in list(kept):
        fewer = [each for each in kept if each != place]
        if fewer and _is_exact(table[:, fewer], target):
            kept = fewer
    factors = _solved(table[:, kept], target)
    terms = tuple((float(f"{factor:.9g}"), names[place]) for place, factor in zip(kept, factors[:-1], strict=True))
    constant = float(f"{factors[-1]:.9g}")
    return Relation(terms, constant if abs(constant) > _CLOSE * float(np.abs(target).max()) else 0.0)


def _solved(features: Matrix, target: Matrix) -> Matrix:
    """Return the factors of FEATURES (n_rows, n_columns), the last of the constant, that come closest to TARGET."""
    import numpy as np  # noqa: PLC0415 - as above

    scale = np.abs(features).max(axis=0)
    with_constant = np.column_stack([features / scale, np.ones(len(features))])
    factors: Matrix = np.linalg.lstsq(with_constant, target, rcond=None)[0]
    unscaled: Matrix = factors / np.append(scale, 1.0)
    return unscaled


def _is_exact(features: Matrix, target: Matrix) -> bool:
    import numpy as np  # noqa: PLC0415 - as above

    factors = _solved(features, target)
    difference = np.abs(features @ factors[:-1] + factors[-1] - target).max()
    return bool(difference <= _CLOSE * np.abs(target).max())


def _holds(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    relation: Relation,
    label: ColumnSpec,
    columns: Mapping[str, ColumnSpec],
) -> bool:
    """Tell whether the sum is the label in every row that has all the values."""
    query = Query(reading)
    of_label = f"CAST({query.value(label)} AS DOUBLE)"
    terms = [
        f"{query.parameter(factor)} * CAST({query.value(columns[each])} AS DOUBLE)" for factor, each in relation.terms
    ]
    sum_ = " + ".join([*terms, query.parameter(relation.constant)])
    close = query.parameter(_CLOSE * 10)
    sql = f"""WITH {query.tables()},
        told AS (SELECT abs({sum_} - {of_label}) AS off, abs({of_label}) AS size FROM {query.name})
        SELECT coalesce(max(off) <= {close} * max(size), false) FROM told"""  # noqa: S608 - as above
    (holds,) = connection.execute(sql, query.parameters).fetchone() or (False,)
    return bool(holds)
