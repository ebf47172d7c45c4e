from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from mlci.core.documents import Position, plain_scalar, read_document, read_model
from mlci.core.plain_text import one_line
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.core.strict_yaml import Value

WHOLE_DOCUMENT = """\
# a comment
name: tumour
list:
  - 1
  - {a: "x: y", b: 'NO'}
text: |
  two
  lines
"""

REFUSED = {
    "duplicate key": (
        b"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n",
        ("yaml-duplicate-key", "5:3", "`c` stands here again; first in line 3", "Keep one of the two."),
    ),
    "the same key, quoted": (
        b'a: 1\n"a": 2\n',
        ("yaml-duplicate-key", "2:1", "`a` stands here again; first in line 1", "Keep one of the two."),
    ),
    "alias": (b"a: 1\nb: *a\n", ("yaml-alias", "2:4", "aliases (`*name`) are not read", "Write the value out.")),
    "alias as a key": (b"*a : 1\n", ("yaml-alias", "1:1", "aliases (`*name`) are not read", "Write the value out.")),
    "anchor": (b"a: &x 1\n", ("yaml-alias", "1:4", "anchors (`&name`) are not read", "Write the value out.")),
    "anchor at a key": (b"&x a: 1\n", ("yaml-alias", "1:1", "anchors (`&name`) are not read", "Write the value out.")),
    "anchor at a list": (
        b"a: &x [1]\n",
        ("yaml-alias", "1:4", "anchors (`&name`) are not read", "Write the value out."),
    ),
    "tag": (
        b"a: !!python/name:os.system x\n",
        ("yaml-tag", "1:4", "tags (`!name`) are not read", "Leave the tag out."),
    ),
    "tag at a key": (b"!!str a: 1\n", ("yaml-tag", "1:1", "tags (`!name`) are not read", "Leave the tag out.")),
    "tag without a name": (b"- !\n", ("yaml-tag", "1:3", "tags (`!name`) are not read", "Leave the tag out.")),
    "tab as indentation": (
        b"a:\n\tb: 1\n",
        ("yaml-tab", "2:1", "a tab stands where YAML wants spaces", "expand -t 2 f.yaml"),
    ),
    "tab after a colon": (
        b"a:\tb\n",
        ("yaml-tab", "1:3", "a tab stands where YAML wants spaces", "expand -t 2 f.yaml"),
    ),
    "two documents": (
        b"a: 1\n---\nb: 2\n",
        ("yaml-documents", "2:1", "a second document begins here; one is read", "Give it a file of its own."),
    ),
    "too deep": (
        b"[" * 22,
        ("yaml-depth", "1:22", "nested deeper than 20 levels", "Take levels out of it."),
    ),
    "control character": (
        b"a: 1\nb: x\x00y\n",
        ("yaml-character", "2:5", "f.yaml holds a control character", "Remove the character."),
    ),
    "UTF-16 without a mark": (
        "a: 1\n".encode("utf-16-le"),
        ("yaml-character", "1:2", "f.yaml holds a control character", "Remove the character."),
    ),
    "UTF-16": (
        "a: 1\n".encode("utf-16"),
        ("yaml-encoding", "1:1", "f.yaml is not UTF-8", "iconv -f UTF-16 -t UTF-8 f.yaml"),
    ),
    "Latin-1": (
        b"a: 1\nb: na\xefve\n",
        ("yaml-encoding", "2:6", "f.yaml is not UTF-8", "iconv -f LATIN1 -t UTF-8 f.yaml"),
    ),
    "number as a key": (
        b"a: {1: 2}\n",
        ("yaml-key", "1:5", "the key `1` is not text", 'Put it in quotes: "1":'),
    ),
    "truth value as a key": (
        b"true: 2\n",
        ("yaml-key", "1:1", "the key `true` is not text", 'Put it in quotes: "true":'),
    ),
    "null as a key": (b"~: 2\n", ("yaml-key", "1:1", "the key `~` is not text", 'Put it in quotes: "~":')),
    "no key": (
        b"?\n: 2\n",
        ("yaml-key", "1:2", "a key is missing before the colon", 'Put it in quotes: "":'),
    ),
    "list as a key": (
        b"? [a]\n: 1\n",
        ("yaml-key", "1:3", "a list or a mapping is no key; a key is text", "Write `key: value`."),
    ),
    "half a character": (
        b'a: "\\ud800"\n',
        ("yaml-character", "1:4", "an escape in this text stands for half a character", "Write the character itself."),
    ),
    "an escape beyond all characters": (
        b'a: "\\UFFFFFFFF"\n',
        (
            "yaml-syntax",
            "1:7",
            "not valid YAML: a number that stands for a character or a version is too large",
            "Write the character itself.",
        ),
    ),
    "colon in text": (
        b"a: b: c\n",
        (
            "yaml-syntax",
            "1:5",
            "not valid YAML: mapping values are not allowed here",
            'Put text that holds a colon in quotes: key: "a: b"',
        ),
    ),
    "sign before text": (
        b"owners: [@acme]\n",
        (
            "yaml-syntax",
            "1:10",
            "not valid YAML: found character '@' that cannot start any token",
            'Put text that begins with a sign in quotes: key: "@text"',
        ),
    ),
    "open bracket": (
        b"a: [1\n",
        ("yaml-syntax", "2:1", "not valid YAML: expected ',' or ']', but got '<stream end>'", None),
    ),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_read_document__refuses_with_place_and_hint(text: bytes, expected: tuple[str, str, str, str | None]) -> None:
    with pytest.raises(UsageError) as caught:
        read_document(text, "f.yaml")
    error = caught.value
    code, place, problem, hint = expected
    assert (error.code, error.where, error.problem, error.hint) == (code, f"f.yaml:{place}", problem, hint)


@pytest.mark.parametrize("text", [b"", b"# only a comment\n", b"\xef\xbb\xbf", b"\n\n"])
def test_read_document__refuses_what_is_empty(text: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        read_document(text, "mlci.yaml")
    error = caught.value
    assert (error.code, error.problem, error.hint) == (
        "yaml-empty",
        "mlci.yaml is empty",
        "Bring back what it held: `git log --patch` of the file shows it.",
    )


def test_read_document__refuses_what_is_too_large() -> None:
    assert read_document(b"# " + b"x" * (256 * 1024 - 7) + b"\na: 1", "f").value == {"a": 1}
    with pytest.raises(UsageError) as caught:
        read_document(b"#" * (256 * 1024 + 1), "cells.yaml")
    assert caught.value.code == "yaml-too-large"
    assert caught.value.problem == "cells.yaml has 262,145 bytes; at most 262,144 are read"


def test_read_document__a_hint_quotes_a_hostile_name_for_the_shell() -> None:
    with pytest.raises(UsageError) as caught:
        read_document(b"a:\n\tb: 1\n", "contracts/$(reboot).yaml")
    assert caught.value.hint == "expand -t 2 'contracts/$(reboot).yaml'"


def test_read_document__a_key_cannot_break_out_of_its_sentence() -> None:
    with pytest.raises(UsageError) as caught:
        read_document(b'"a`\\u202e\\n**b": 1\n"a`\\u202e\\n**b": 2\n', "f")
    assert caught.value.problem == "`a'\ufffd **b` stands here again; first in line 1"


def test_read_document__knows_the_place_of_every_key_and_item() -> None:
    document = read_document(WHOLE_DOCUMENT.encode(), "f")
    assert document.value == {"name": "tumour", "list": [1, {"a": "x: y", "b": "NO"}], "text": "two\nlines\n"}
    assert document.positions == {
        (): Position(2, 1),
        ("name",): Position(2, 1),
        ("list",): Position(3, 1),
        ("list", 0): Position(4, 5),
        ("list", 1): Position(5, 5),
        ("list", 1, "a"): Position(5, 6),
        ("list", 1, "b"): Position(5, 17),
        ("text",): Position(6, 1),
    }
    assert document.where(("list", 1, "a")) == "f:5:6"
    assert document.where(("list", 1, "missing", "deeper")) == "f:5:5"
    assert document.where(("nowhere",)) == "f:2:1"


@pytest.mark.parametrize("text", [b"\xef\xbb\xbfa: 1\n", b"a: 1\r\n", b"---\na: 1\n...\n", b"%YAML 1.2\n---\na: 1\n"])
def test_read_document__accepts_a_mark_windows_lines_and_one_marked_document(text: bytes) -> None:
    assert read_document(text, "f").value == {"a": 1}


def test_read_document__a_tab_inside_quotes_is_text() -> None:
    assert read_document(b'a: "x\ty"', "f").value == {"a": "x\ty"}


def test_read_document__a_merge_key_is_a_key_like_any_other() -> None:
    assert read_document(b"<<: {a: 1}", "f").value == {"<<": {"a": 1}}


def test_read_document__reads_twenty_levels() -> None:
    assert read_document(b"[" * 20 + b"]" * 20, "f").positions[(0,) * 19] == Position(1, 20)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("1_000", "1_000"),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0x1F", "-0x1F"),
        ("0b11", "0b11"),
        ("12:30:00", "12:30:00"),
        ("2026-01-01", "2026-01-01"),
        ("+7", 7),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e", "1e"),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("inf", "inf"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("2%", "2%"),
        ("\u0661", "\u0661"),
        ("9" * 400, int("9" * 400)),
        ("9" * 401, "9" * 401),
    ],
)
def test_plain_scalar__follows_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    scalar = plain_scalar(text)
    assert (type(scalar), scalar) == (type(value), value)


def test_plain_scalar__not_a_number_is_a_float() -> None:
    assert repr(plain_scalar(".nan")) == "nan"


ALIKE_YAML = st.text(alphabet="ab10:-?[]{},&*!|>'\"%@`#\\ \n\t~<.xuUd8", max_size=60)


@given(st.binary(max_size=80) | st.text(max_size=60).map(str.encode) | ALIKE_YAML.map(str.encode))
@example(b"%YAML 1." + b"9" * 5000 + b"\n---\na")
@example(b'"\\U00110000"')
@example(b"? - ? - a\n: b")
@example(b"- [a, *b]")
def test_read_document__raises_nothing_but_usage_errors(text: bytes) -> None:
    with suppress(UsageError):
        read_document(text, "f")


# A simple key of YAML has at most 1,024 characters, escapes included.
CHARACTERS = st.characters(exclude_categories=["Cs"])
JSON_VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(CHARACTERS),
    lambda inner: st.lists(inner | st.none()) | st.dictionaries(st.text(CHARACTERS, max_size=20), inner),
    max_leaves=8,
)


@given(JSON_VALUES, st.sampled_from([None, 0, 2]))
def test_read_document__reads_json_as_it_is(value: Value, indent: int | None) -> None:
    assert read_document(json.dumps(value, indent=indent).encode(), "f").value == value


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    metric: Literal["accuracy", "recall"]
    value: int | None = None


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    name: str
    gates: tuple[Inner, ...] = Field(default=(), strict=False)
    more: dict[Annotated[str, Field(pattern="^[a-z]+$")], Inner] = Field(default_factory=dict)
    mixed: int | str = 0


LATER = frozenset({"sealed", "more.*.slices", "gates.severity"})

MISTAKES = {
    "an unknown key, with the nearest": (
        "nam: x\n",
        "1:1",
        "unknown key `nam`\nf:1:1: `name` is missing",
        "Did you mean `name`?",
    ),
    "an unknown key, far from any": (
        "name: x\nzzz: 1\n",
        "2:1",
        "unknown key `zzz`",
        "Known here: name, gates, more, mixed.",
    ),
    "an unknown key in a list": (
        "name: x\ngates:\n  - {metric: recall}\n  - {metric: recall, vlue: 1}\n",
        "4:22",
        "unknown key `vlue`",
        "Did you mean `value`?",
    ),
    "an unknown key below a name": (
        "name: x\nmore:\n  a: {metric: recall, valu: 1}\n",
        "3:23",
        "unknown key `valu`",
        "Did you mean `value`?",
    ),
    "a planned key": (
        "name: x\nsealed: {looks: 20}\n",
        "2:1",
        "`sealed` is not in this version of mlci",
        "Remove the key; it is planned.",
    ),
    "a planned key below any name": (
        "name: x\nmore: {a: {metric: recall, slices: []}}\n",
        "2:28",
        "`more.a.slices` is not in this version of mlci",
        "Remove the key; it is planned.",
    ),
    "a planned key in a list": (
        "name: x\ngates: [{metric: recall, severity: warn}]\n",
        "2:26",
        "`gates.severity` is not in this version of mlci",
        "Remove the key; it is planned.",
    ),
    "a key that only looks planned": (
        "name: x\nsealed.x: 1\n",
        "2:1",
        "unknown key `sealed.x`",
        "Known here: name, gates, more, mixed.",
    ),
    "a missing key": ("gates: []\n", "1:1", "`name` is missing", "Add `name:`."),
    "a missing key of an item": (
        "name: x\ngates: [{value: 1}]\n",
        "2:9",
        "`metric` is missing in `gates[0]`",
        "Add `metric:`.",
    ),
    "a word that is nearly right": (
        "name: x\ngates: [{metric: recal}]\n",
        "2:10",
        "`gates[0].metric`: input should be 'accuracy' or 'recall'",
        "Did you mean `recall`?",
    ),
    "a word that is all wrong": (
        "name: x\ngates: [{metric: zzz}]\n",
        "2:10",
        "`gates[0].metric`: input should be 'accuracy' or 'recall'",
        None,
    ),
    "a scalar for a list": ("name: x\ngates: recall\n", "2:1", "`gates`: a list is wanted", None),
    "a scalar for a mapping": ("name: x\nmore: a\n", "2:1", "`more`: keys with values are wanted", None),
    "a scalar for an item": ("name: x\ngates: [1]\n", "2:9", "`gates[0]`: keys with values are wanted", None),
    "a scalar for the whole": ("just text\n", "1:1", "the document: keys with values are wanted", None),
    "nothing at all": ("---\n", "2:1", "the document: keys with values are wanted", None),
    "a number for text": ("name: 1\n", "1:1", "`name`: input should be a valid string", None),
    "text for a number": (
        'name: x\ngates: [{metric: recall, value: "1"}]\n',
        "2:26",
        "`gates[0].value`: input should be a valid integer",
        None,
    ),
    "a key of a wrong form": (
        "name: x\nmore:\n  A: {metric: recall}\n",
        "3:3",
        "`more.A`: string should match pattern '^[a-z]+$'",
        None,
    ),
    "neither of two types": (
        "name: x\nmixed: {a: 1}\n",
        "2:1",
        "`mixed`: input should be a valid integer\nf:2:1: `mixed`: input should be a valid string",
        None,
    ),
}


@pytest.mark.parametrize(("text", "place", "problem", "hint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_read_model__a_mistake_is_told_with_its_place(text: str, place: str, problem: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        read_model(text.encode(), Outer, "f", later=LATER)
    error = caught.value
    assert (error.code, error.where, error.problem, error.hint) == ("configuration", f"f:{place}", problem, hint)


def test_read_model__returns_the_model() -> None:
    model = read_model(b"name: x\nmore: {a: {metric: recall}}\n", Outer, "f")
    assert model == Outer(name="x", more={"a": Inner(metric="recall")})


def test_read_model__tells_twenty_problems_and_counts_the_others() -> None:
    text = "name: x\n" + "".join(f"unknown{number}: 1\n" for number in range(25_000 // 5))
    with pytest.raises(UsageError) as caught:
        read_model(text.encode(), Outer, "f")
    lines = caught.value.problem.splitlines()
    assert len(lines) == 21
    assert lines[19] == "f:21:1: unknown key `unknown19`"
    assert lines[20] == "f: and 4,980 more problems"


def test_read_model__no_value_of_the_document_is_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        read_model(b'name: x\ngates: [{metric: "se`cret\\u202e"}]\n', Outer, "f")
    assert "cret" not in f"{caught.value.problem} {caught.value.hint}"


@given(
    st.dictionaries(
        st.text(CHARACTERS, max_size=20) | st.sampled_from(["name", "gates", "more"]), JSON_VALUES, max_size=5
    )
)
def test_read_model__raises_nothing_but_usage_errors(value: dict[str, Value]) -> None:
    try:
        read_model(json.dumps(value).encode(), Outer, "f", later=LATER)
    except UsageError as error:
        assert all(line == one_line(line) for line in error.problem.split("\n"))  # noqa: PT017 - both ways out are fine
