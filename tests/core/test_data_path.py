from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.data_path import data_path, named, partition

Columns = tuple[tuple[str, str | None], ...]
NAMES = (
    "data.csv", "data/a.csv", "data/b.csv.gz", "data/ab.csv", "data/_SUCCESS", "data/.a.crc", "data/x/a.csv",
    "data/x/y/a.csv", "data/_tmp/a.csv", "data/[a].csv", "data/year=2024/a.csv", "other/a.csv",
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data/a.csv", ["data/a.csv"]),
        ("data/*.csv", ["data/[a].csv", "data/a.csv", "data/ab.csv"]),
        ("data/?.csv", ["data/a.csv"]),
        ("data/a*.csv", ["data/a.csv", "data/ab.csv"]),
        ("data/[ab].csv", ["data/a.csv"]),
        ("data/[!b]*.csv", ["data/[a].csv", "data/a.csv", "data/ab.csv"]),
        ("data/[a].csv", ["data/[a].csv"]),
        ("data/*/a.csv", ["data/_tmp/a.csv", "data/x/a.csv", "data/year=2024/a.csv"]),
        ("data/**/a.csv", ["data/_tmp/a.csv", "data/a.csv", "data/x/a.csv", "data/x/y/a.csv", "data/year=2024/a.csv"]),
        ("data/x/**", ["data/x/a.csv", "data/x/y/a.csv"]),
        ("*.csv", ["data.csv"]),
        ("data/x", ["data/x/a.csv", "data/x/y/a.csv"]),
        ("data", ["data/[a].csv", "data/a.csv", "data/ab.csv", "data/b.csv.gz", "data/x/a.csv", "data/x/y/a.csv",
                  "data/year=2024/a.csv"]),
        ("dat", []),
        ("data/z*.csv", []),
        ("data/.*.csv", []),
    ],
)  # fmt: skip
def test_named__what_a_path_stands_for(path: str, expected: list[str]) -> None:
    assert list(named(path, NAMES)) == expected
    assert named(path, reversed(NAMES)) == named(path, NAMES)


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("data", "data/year=2024/month=05/a.csv", (("year", "2024"), ("month", "05"))),
        ("data/year=*/a.csv", "data/year=2024/a.csv", (("year", "2024"),)),
        ("data/year=2024/*.csv", "data/year=2024/a.csv", ()),
        ("data/year=2024/a.csv", "data/year=2024/a.csv", ()),
        ("data", "data/country=C%C3%B4te%20d'Ivoire/a.csv", (("country", "Côte d'Ivoire"),)),
        ("data", "data/x=__HIVE_DEFAULT_PARTITION__/a.csv", (("x", None),)),
        ("data", "data/x=/a.csv", (("x", ""),)),
        ("data", "data/plain/a.csv", ()),
    ],
)
def test_partition__columns_that_folders_say(path: str, name: str, expected: Columns) -> None:
    assert partition(path, name) == expected


@pytest.mark.parametrize(
    "path",
    [
        "../a.csv", "/a.csv", "data/../a.csv", "-a.csv", "~/a.csv", ".git/a.csv", ".mlci/a.csv", ":(glob)a",
        "a" * 1_001, "*" * 9, "",
    ],
)  # fmt: skip
def test_data_path__what_none_may_name(path: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic tells it
        data_path(path)


def test_named__takes_no_longer_for_a_hostile_pattern() -> None:
    # In a process of its own, which can be ended: a pattern that looks again for each star would take years.
    patterns = ["*a*a*a*a*a*a*a*a", "**/*a*a*a/**/*a*a/x", "**/**/**/**/x"]
    names = ["a" * 255 + "b", "/".join(["a" * 30 + "b"] * 30), "/".join("d" * 400)]
    program = f"from mlci.core.data_path import named\nprint([named(each, {names!r}) for each in {patterns!r}])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[(), (), ()]"


@pytest.mark.parametrize(
    ("path", "name", "is_meant"),
    [
        ("a*b*c", "abbc", True), ("a*b*c", "acb", False), ("*ab", "aab", True), ("*a*ab", "aaab", True),
        ("*a*ab", "ab", False), ("**/a/**/a/b", "a/a/b", True), ("**/a/**/a/b", "x/a/b", False),
        ("**/a/b/**/c", "a/a/b/c", True), ("**/a*/**", "b/ab/c", True), ("a/**/**/b", "a/b", True),
        ("**/**", "a", True), ("**/?[ab]/*", "x/ca/b", True), ("*/**/b", "b", False),
    ],
)  # fmt: skip
def test_named__finds_what_only_a_later_place_would_match(path: str, name: str, *, is_meant: bool) -> None:
    assert named(path, [name]) == ((name,) if is_meant else ())


@given(st.text(alphabet="ab/*?[]!-.", max_size=12), st.lists(st.text(alphabet="ab/.-]", max_size=8), max_size=6))
def test_named__never_fails_on_what_may_be_a_path(path: str, names: list[str]) -> None:
    names = [name.strip("/") or "a" for name in names if "//" not in name]
    try:
        checked = data_path(path)
    except ValueError:
        return
    assert set(named(str(checked), names)) <= set(names)
