from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.statistics.requirement_text import Relation, Subject, WrittenRequirement, parse_requirement

LIMITS = st.floats(allow_nan=False, allow_infinity=False)
SUBJECTS: st.SearchStrategy[Subject] = st.sampled_from(["n", "n - o"])
RELATIONS: st.SearchStrategy[Relation] = st.sampled_from([">", "<"])
REQUIREMENTS = st.builds(WrittenRequirement, SUBJECTS, RELATIONS, LIMITS) | st.builds(
    WrittenRequirement, st.just("d"), st.just("<"), st.floats(0, 1, exclude_min=True)
)


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("n - o > -0.01", WrittenRequirement("n - o", ">", -0.01)),
        ("n - o > 0.02", WrittenRequirement("n - o", ">", 0.02)),
        ("n-o>-.01", WrittenRequirement("n - o", ">", -0.01)),
        ("  n  -  o  >  - 1e-2  ", WrittenRequirement("n - o", ">", -0.01)),
        ("n - o < 0.1", WrittenRequirement("n - o", "<", 0.1)),
        ("d < 0.1", WrittenRequirement("d", "<", 0.1)),
        ("d<1", WrittenRequirement("d", "<", 1.0)),
        ("n > 0.8", WrittenRequirement("n", ">", 0.8)),
        ("n < 0.3", WrittenRequirement("n", "<", 0.3)),
        ("n > -2.", WrittenRequirement("n", ">", -2.0)),
    ],
)
def test_parse_requirement__reads_the_spelling_of_ease_ml_ci(text: str, requirement: WrittenRequirement) -> None:
    assert parse_requirement(text) == requirement


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "character 1: `n`, `n - o` or `d` is expected, the requirement ends"),
        ("o > 0.8", "character 1: `n`, `n - o` or `d` is expected, 'o' stands there"),
        (" new > 1", "character 2: `n`, `n - o` or `d` is expected, 'n' stands there"),
        ("0.8 < n", "character 1: `n`, `n - o` or `d` is expected, '0' stands there"),
        ("n", "character 2: `>` or `<` is expected, the requirement ends"),
        ("n - d > 0", "character 3: `>` or `<` is expected, '-' stands there"),
        ("n - old > 0", "character 3: `>` or `<` is expected, '-' stands there"),
        ("n >= 0.8", "character 3: `>` or `<` is expected, '>' stands there"),
        ("n == 0.8", "character 3: `>` or `<` is expected, '=' stands there"),
        ("n >", "character 4: a number such as 0.01 is expected, the requirement ends"),
        ("n > x", "character 5: a number such as 0.01 is expected, 'x' stands there"),
        ("n > 1.1 * o", "character 9: the end is expected, '*' stands there"),
        ("n > 0.8%", "character 8: the end is expected, '%' stands there"),
        ("n > 1_000", "character 5: a number such as 0.01 is expected, '1' stands there"),
        ("n > --1", "character 5: a number such as 0.01 is expected, '-' stands there"),
        ("n > \u22120.1", "character 5: a number such as 0.01 is expected, '\u2212' stands there"),
        ("n > \u0661", "character 5: a number such as 0.01 is expected, '\u0661' stands there"),
        ("n > inf", "character 5: a number such as 0.01 is expected, 'i' stands there"),
        ("n > 1e999", "character 5: the number is too large"),
        ("n\n> 0.8", "character 2: `>` or `<` is expected, '\\n' stands there"),
        ("d > 0.1", "character 3: models may differ at most so much: write `d < …`"),
        ("d < 0", "character 5: `d` is a share of rows, above 0 and at most 1"),
        ("d < 1.5", "character 5: `d` is a share of rows, above 0 and at most 1"),
        ("d < -0.1", "character 5: `d` is a share of rows, above 0 and at most 1"),
        (
            "n - o > 0.02 +/- 0.01",
            "character 14: leave out `+/- …`: the tolerance is computed from the rows, as an interval",
        ),
        ("n - o > 0.02 /\\ d < 0.1", "character 14: leave out `/\\`: write two gates, both must pass"),
        ("n" * 101, "a requirement has at most 100 characters, this one has 101"),
    ],
)
def test_parse_requirement__says_what_is_wrong_and_where(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # the whole message is compared below
        parse_requirement(text)
    assert str(refused.value) == problem


@given(requirement=REQUIREMENTS)
def test_parse_requirement__reads_what_is_written_as_an_equal_value(requirement: WrittenRequirement) -> None:
    assert parse_requirement(requirement.text) == requirement


@given(text=st.text(max_size=120) | st.text("nod -+/><=.0123456789eE\\", max_size=30))
def test_parse_requirement__raises_nothing_but_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_requirement(parse_requirement(text).text) == parse_requirement(text)


@pytest.mark.parametrize(
    ("text", "higher_is_better", "gate"),
    [
        ("n - o > -0.01", True, ("not_worse", 0.01)),
        ("n - o > 0", True, ("better", 0.0)),
        ("n - o > 0.02", True, ("better", 0.02)),
        ("n - o < 0.01", False, ("not_worse", 0.01)),
        ("n - o < 0", False, ("better", 0.0)),
        ("n - o < -0.02", False, ("better", 0.02)),
        ("n > 0.8", True, ("floor", 0.8)),
        ("n < 0.3", False, ("ceiling", 0.3)),
        ("d < 0.1", True, ("ceiling", 0.1)),
    ],
)
def test_gate__says_the_same_in_our_words(text: str, higher_is_better: bool, gate: tuple[str, float]) -> None:  # noqa: FBT001  # a case
    found = parse_requirement(text).gate(higher_is_better=higher_is_better)

    assert found == gate
    assert str(found[1])[0] != "-"


def test_gate__refuses_a_difference_towards_the_worse() -> None:
    with pytest.raises(ValueError, match=r"of this metric lower is better: `n - o < …` is meant"):
        parse_requirement("n - o > 0.01").gate(higher_is_better=False)
    with pytest.raises(ValueError, match=r"of this metric higher is better: `n - o > …` is meant"):
        parse_requirement("n - o < 0.01").gate(higher_is_better=True)
