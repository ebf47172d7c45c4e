"""`baseline.json`: how inputs, label and predictions are spread over the training data, for who watches live data.

It holds counts and the names of columns, no value of the data: the bounds of numbers are round, and texts are counted
only where the contract lists them, by their place in that list. Whoever reads it takes it for hostile input.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from mlci.core.schema_name import read_json, with_schema
from mlci.core.section import Identifier  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.signature import Finite, Frozen, first_problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from mlci.core.signature import Input, Signature

BASELINE_FILE: Final = "baseline.json"
SCHEMA: Final = "mlci/baseline/1"
SMALLEST: Final = 10
"""A value of a list that fewer rows have is not counted."""
MOST_VALUES: Final = 100
"""Values of a list that are counted, the first ones."""
MOST_COLUMNS: Final = 1_000
"""Inputs that are counted, the first ones; and outputs."""
MOST_EDGES: Final = 64

Count = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Kind = Literal["numbers", "listed", "unlisted"]


class Numbers(Frozen):
    """How numbers are spread."""

    kind: Literal["numbers"] = "numbers"
    missing: Count
    edges: Annotated[tuple[Finite, ...], Field(min_length=1, max_length=MOST_EDGES)]
    counts: tuple[Count, ...]
    """Below the first edge, from each edge to below the next one, and from the last edge on."""

    @property
    def total(self) -> int:
        """How many rows it speaks of at least."""
        return self.missing + sum(self.counts)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if len(self.counts) != len(self.edges) + 1 or any(
            low >= high for low, high in zip(self.edges, self.edges[1:], strict=False)
        ):
            msg = "edges rise, and there is one count more"
            raise ValueError(msg)
        return self


class Listed(Frozen):
    """How often each value of a list occurs: true and false, the values of an input, or the classes."""

    kind: Literal["listed"] = "listed"
    missing: Count
    counts: Annotated[tuple[Count | None, ...], Field(max_length=MOST_VALUES)]
    """In the order of the list; None where they are few. Rows of no count here have another value, or a rare one."""

    @property
    def total(self) -> int:
        """How many rows it speaks of at least."""
        return self.missing + sum(count or 0 for count in self.counts)

    @model_validator(mode="after")
    def _counts_no_few(self) -> Self:
        if any(count is not None and count < SMALLEST for count in self.counts):
            msg = f"a count is below {SMALLEST}"
            raise ValueError(msg)
        return self


class Unlisted(Frozen):
    """Texts that no contract lists: none of them is told."""

    kind: Literal["unlisted"] = "unlisted"
    missing: Count

    @property
    def total(self) -> int:
        """How many rows it speaks of at least."""
        return self.missing


Spread = Annotated[Numbers | Listed | Unlisted, Field(discriminator="kind")]


class Baseline(Frozen):
    """What the training data were like, and what the model says of them."""

    rows: Count
    sampled: Count
    """Rows that were looked at, spread evenly over all."""
    inputs: Annotated[dict[Identifier, Spread], Field(max_length=MOST_COLUMNS)]
    label: Spread | None = None
    predictions: Annotated[dict[Identifier, Spread], Field(max_length=MOST_COLUMNS)] | None = None
    """By output; None where the model does not answer all of these rows."""

    def to_bytes(self) -> bytes:
        """Return the file."""
        content = with_schema(SCHEMA, self.model_dump(mode="json"))
        text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()

    def without(self, names: AbstractSet[str]) -> Baseline:
        """Return it without the inputs of these NAMES."""
        kept = {name: each for name, each in self.inputs.items() if name not in names}
        return self.model_copy(update={"inputs": kept})


def read_baseline(data: bytes, signature: Signature) -> Baseline:
    """Return what a file says of a model with SIGNATURE.

    Raises `ValueError` for what is no such file, or speaks of anything that the signature does not name, and
    `IntegrityError("newer-schema")`.
    """
    content = read_json(data, SCHEMA, BASELINE_FILE)
    try:
        found = Baseline.model_validate(content)
    except ValidationError as error:
        raise ValueError(first_problem(error)) from None
    if found.to_bytes() != data:
        msg = "it is not in the form that mlci writes"
        raise ValueError(msg)
    problem = next(_misfits(found, signature), None)
    if problem is not None:
        raise ValueError(problem)
    return found


def _misfits(found: Baseline, signature: Signature) -> Iterator[str]:
    """Yield what does not fit the signature, or the number of rows."""
    if found.sampled > found.rows:
        yield "it looked at more rows than there are"
    known = {item.name: shape_of(item) for item in signature.inputs}
    outputs = shapes_of_outputs(signature)
    parts = [(known.get(name), each) for name, each in found.inputs.items()]
    parts += [(outputs.get(name), each) for name, each in (found.predictions or {}).items()]
    parts += [(shape_of_label(signature), found.label)] if found.label else []
    for shape, each in parts:
        if shape is None:
            yield "it names a column that the signature does not"
        elif shape[0] != each.kind or (isinstance(each, Listed) and len(each.counts) != min(shape[1], MOST_VALUES)):
            yield "a column has another type than in the signature"
        elif each.total > found.sampled:
            yield "it counts more rows than it looked at"


Shape = tuple[Kind, int]
"""How a column is counted, and how many values its list has."""


def shape_of(item: Input) -> Shape:
    """Return how an input is counted."""
    if item.type == "boolean":
        return "listed", 2
    if item.values is not None:
        return "listed", len(item.values)
    return ("unlisted", 0) if item.type == "string" else ("numbers", 0)


def shape_of_label(signature: Signature) -> Shape:
    """Return how the label is counted."""
    return ("listed", len(signature.classes)) if signature.classes else ("numbers", 0)


def shapes_of_outputs(signature: Signature) -> dict[str, Shape]:
    """Return how each output is counted; the last one of a classifier is the class that it decides for."""
    outputs = signature.outputs[:MOST_COLUMNS]
    shapes: dict[str, Shape] = {output.name: ("numbers", 0) for output in outputs}
    has_decision = bool(signature.classes) and not signature.is_multilabel
    return shapes | ({"decision": shape_of_label(signature)} if has_decision else {})
