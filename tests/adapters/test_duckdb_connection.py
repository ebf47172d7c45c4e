from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection, select
from mlci.adapters.duckdb_query import Query
from mlci.core.data_files import one_file
from mlci.errors import OutsideError, RejectedError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cells.csv"


@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT * FROM read_text($secret)",
        "SELECT * FROM read_csv($secret)",
        "SELECT * FROM read_blob($secret)",
        "SELECT * FROM glob($folder)",
        "SELECT * FROM read_csv('https://localhost:9/x.csv')",
        "COPY (SELECT 1) TO '{folder}/written.csv'",
        "ATTACH '{folder}/other.db'",
        "EXPORT DATABASE '{folder}/export'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = ['/']",
        "RESET lock_configuration",
        "PRAGMA disable_checkpoint_on_shutdown; SET threads = 1",
    ],
)
def test_connection__reaches_nothing_but_its_files(path: Path, tmp_path: Path, attempt: str) -> None:
    secret, folder = tmp_path / "secret.txt", tmp_path / "folder"
    secret.write_text("secret")
    folder.mkdir()
    given = {"secret": str(secret), "folder": f"{tmp_path}/*"}
    used = {name: value for name, value in given.items() if f"${name}" in attempt}
    path.write_text("x\n1\n")
    with opened(one_file(path)) as reading, locked_connection(reading.sources) as connection:
        with pytest.raises(duckdb.Error):
            connection.execute(attempt.replace("{folder}", str(folder)), used)
        assert connection.execute(
            "SELECT count(*) FROM read_csv($source)", {"source": reading.sources[0]}
        ).fetchone() == (1,)
    assert list(folder.iterdir()) == []


FORMATS = ("csv", "parquet", "jsonl")


def written(folder: Path, form: str) -> Path:
    path = folder / f"cells.{form}"
    name = {"csv": "csv, header", "parquet": "parquet", "jsonl": "json"}[form]
    duckdb.connect().execute(f"COPY (SELECT 1 AS x) TO '{path}' (FORMAT {name})")
    return path


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT * FROM read_text('{place}/secret.txt')",
        "SELECT * FROM read_parquet('{place}/secret.parquet')",
        "SELECT * FROM read_json_objects('{place}/*.jsonl')",
        "SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')",
        "SELECT * FROM read_json_objects('s3://bucket/x.jsonl')",
        "SELECT * FROM parquet_metadata('{place}/secret.parquet')",
        "COPY (SELECT 1) TO '{place}/written.parquet'",
        "ATTACH '{place}/other.db'",
        "INSTALL httpfs",
        "LOAD '{place}/any.duckdb_extension'",
        "SET enable_external_access = true",
    ],
)
def test_connection__over_any_format_reaches_no_file_no_network_and_no_extension(
    tmp_path: Path, form: str, attempt: str
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "secret.txt").write_text("secret")
    written(place, "parquet").rename(place / "secret.parquet")
    path, before = written(tmp_path, form), sorted(place.iterdir())
    with opened(one_file(path)) as reading, locked_connection(reading.sources) as connection:
        with pytest.raises(duckdb.Error):
            connection.execute(attempt.replace("{place}", str(place)))
        query = Query(reading)
        assert select(connection, query, reading, [f"min({query.raw('x')})"], numbered=False) == ("1",)
    assert sorted(place.iterdir()) == before


def test_connection__cannot_follow_a_descriptor_of_another_file(path: Path, tmp_path: Path) -> None:
    path.write_text("x\n1\n")
    other = tmp_path / "other.csv"
    other.write_text("x\n2\n")
    with (
        opened(one_file(path)) as reading,
        opened(one_file(other)) as forbidden,
        locked_connection(reading.sources) as connection,
        pytest.raises(duckdb.Error),
    ):
        connection.execute("SELECT * FROM read_csv($source)", {"source": forbidden.sources[0]})


def test_select__a_file_that_changes_after_it_was_read_is_refused(path: Path) -> None:
    path.write_text("x\n1\n2\n")
    with opened(one_file(path)) as reading, locked_connection(reading.sources) as connection:
        with path.open("a") as more:
            more.write("3\n")
        with pytest.raises(RejectedError) as error:
            select(connection, Query(reading), reading, [], numbered=False)
    assert error.value.problem == "cells.csv: DuckDB reads 3 rows, the file has 2"


def test_engine_errors__are_told_as_errors_of_the_file(path: Path) -> None:
    path.write_text("x,y\n1,2\n")
    with opened(one_file(path)) as reading, locked_connection(reading.sources) as connection:
        with path.open("a") as more:
            more.write("3\n")
        with pytest.raises(RejectedError) as error, engine_errors_told(reading):
            select(connection, Query(reading), reading, ["count(c0)", "count(c1)"], numbered=False)
    assert error.value.problem.startswith("cells.csv: DuckDB cannot read it: ")
    assert "\n" not in error.value.problem


def test_engine_errors__too_little_memory_is_nobodys_fault(path: Path) -> None:
    path.write_text("x\n1\n")
    with opened(one_file(path)) as reading, pytest.raises(OutsideError) as error, engine_errors_told(reading):
        raise duckdb.OutOfMemoryException("failed to allocate")
    assert error.value.code == "out-of-memory"


def test_locked_connection__reads_as_far_ahead_as_it_is_told() -> None:
    with locked_connection([], ahead_bytes=32 * 1024**2) as connection:
        assert connection.execute("SELECT current_setting('streaming_buffer_size')").fetchone() == ("32.0 MiB",)
