from __future__ import annotations

import pytest

from mlci.core.size import parse_size, written_size


@pytest.mark.parametrize(("text", "count"), [("1kB", 1_000), ("500MB", 5 * 10**8), ("10GB", 10**10), ("64MiB", 2**26)])
def test_size__is_read_and_written_with_its_unit(text: str, count: int) -> None:
    assert (parse_size(text), written_size(count)) == (count, text)


@pytest.mark.parametrize("value", [10, "10", "10 GB", "0GB", "1gb", "1.5GB", "-1GB", None, True])
def test_size__without_a_unit_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="a size with its unit is wanted"):
        parse_size(value)
