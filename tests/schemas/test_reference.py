"""The reference: tables from a schema, written between the markers of a page."""

from __future__ import annotations

import pytest

from mlci.core.config import LATER, Config
from mlci.core.contract.model import LATER as LATER_IN_CONTRACTS
from mlci.schemas.reference import SECTIONS, page, tables
from mlci.schemas.schema import schema

EMPTY = "".join(f"before {name}\n<!-- generated: {name} -->\n<!-- end -->\n" for name in SECTIONS) + "after\n"

SMALL = {
    "$defs": {
        "Inner": {
            "description": "An inner part.",
            "properties": {"a": {"type": "integer", "minimum": 2, "default": 30, "description": "First."}},
        },
        "Outer": {
            "description": "An outer part.",
            "properties": {"inner": {"$ref": "#/$defs/Inner", "description": "Inside."}},
            "required": ["inner"],
        },
    },
    "properties": {
        "outer": {"patternProperties": {"^[a-z]$": {"$ref": "#/$defs/Outer"}}, "description": "By name."},
        "plain": {"enum": ["x", "y"], "default": "x", "description": "Plain.", "x-mlci-owner": "rule"},
    },
    "required": ["outer"],
}


def test_tables__are_written_in_full() -> None:
    assert tables(SMALL) == (
        "| key | type | default | whose | meaning |\n"
        "|---|---|---|---|---|\n"
        "| `outer` | by name | required | – | By name. |\n"
        "| `plain` | `x` or `y` | `x` | rule | Plain. |\n"
        "\n"
        "### `outer.NAME`\n"
        "\n"
        "An outer part.\n"
        "\n"
        "| key | type | default | meaning |\n"
        "|---|---|---|---|\n"
        "| `inner.a` | whole number ≥ 2 | `30` | First. |\n"
    )


@pytest.mark.parametrize(
    "row",
    [
        "| `timeout` | duration such as `90s`, `15m`, `1h` | `1h` | head |",
        "| `margin` | number ≥ 0 or percentage such as `2%` or amount such as `20MB`, `5ms` | – | rule |",
        "| `value` | number ≥ 0 or amount such as `20MB`, `5ms` | – | rule |",
        "| `threshold` | number > 0 < 1 | `0.5` | rule |",
        "| `data` | list of names | – | head |",
        "| `version` | `1` | required | rule |",
    ],
)
def test_tables__tell_type_default_and_owner_of_a_key(row: str) -> None:
    assert row in tables(schema(Config))


def test_page__keeps_what_stands_around_the_generated_parts() -> None:
    written = page(EMPTY)
    assert [line for line in written.splitlines() if line.startswith(("before", "after"))] == [
        *(f"before {name}" for name in SECTIONS),
        "after",
    ]


def test_page__written_twice_is_the_same() -> None:
    assert page(page(EMPTY)) == page(EMPTY)


def test_page__names_every_key_that_is_refused_until_it_works() -> None:
    written = page(EMPTY)
    assert [key for key in LATER | LATER_IN_CONTRACTS if f"`{key}`" not in written] == []


def test_page__without_a_marker_is_a_defect() -> None:
    with pytest.raises(ValueError, match=r"mlci\.yaml"):
        page("no markers")
