from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakegithub.openapi import description
from tests.fakegithub.permissions import (
    NAMES,
    OPERATIONS,
    Access,
    Level,
    Permission,
    highest,
    normalised,
    read_only,
    satisfied,
    writes,
)
from tests.fakegithub.routes.table import ROUTES

LEVELS: tuple[Level, ...] = ("read", "write")
PERMISSIONS = st.builds(Permission, st.sampled_from(sorted(NAMES - {"metadata"})), st.sampled_from(LEVELS))


def test_operations__are_those_of_the_description_and_of_the_routes() -> None:
    described = {each.name for each in description().operations()}
    assert described == set(OPERATIONS) == set(ROUTES)


def test_routes__honour_only_what_the_description_has() -> None:
    unknown = {
        each.name: ROUTES[each.name].honours
        - each.fields
        - {parameter.name for parameter in each.parameters if parameter.place == "query"}
        for each in description().operations()
    }
    assert {name: fields for name, fields in unknown.items() if fields} == {}


def test_header__alternatives_with_underscores() -> None:
    assert writes("issues", "pull-requests").header() == "issues=write; pull_requests=write"


def test_normalised__hyphens_metadata_and_none() -> None:
    declared = {"pull_requests": "write", "contents": "read", "issues": "none"}
    assert normalised(declared) == {"metadata": "read", "pull-requests": "write", "contents": "read"}


@pytest.mark.parametrize("declared", [{"bananas": "read"}, {"contents": "admin"}])
def test_normalised__refuses_what_github_does_not_know(declared: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(declared))):
        normalised(declared)


def test_read_only__keeps_the_names_but_no_writing_and_no_identity() -> None:
    assert read_only({"contents": "write", "id-token": "write"}) == {"contents": "read"}


def test_satisfied__writing_includes_reading_but_not_the_other_way_round() -> None:
    read, write = Permission("contents", "read"), Permission("contents", "write")
    assert satisfied(Access((read,)), {"contents": "write"}) == read
    assert satisfied(Access((write,)), {"contents": "read"}) is None


def test_satisfied__takes_the_first_alternative_that_fits() -> None:
    assert satisfied(writes("issues", "pull-requests"), {"pull-requests": "write"}) == Permission(
        "pull-requests", "write"
    )


@given(st.lists(PERMISSIONS))
def test_highest__would_have_allowed_each_of_them_and_nothing_more(used: list[Permission]) -> None:
    least = highest(used)
    assert all(satisfied(Access((each,)), least) for each in used)
    assert {Permission(name, level) for name, level in least.items()} <= set(used)
