"""The signature of a model: what goes in and what comes out, with types, units and ranges."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from mlci.core.answer_names import OF_LEVEL
from mlci.core.canonical import canonical_sha256
from mlci.core.contract.scalar import LARGEST_INTEGER, SMALLEST_INTEGER
from mlci.core.plain_text import is_visible, one_line
from mlci.core.quantile_levels import LevelsField, level_names
from mlci.core.section import LONGEST_IDENTIFIER, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterable


Scalar = str | int | float | bool
DECIDED_BY_THRESHOLD: Final = frozenset({"binary", "multilabel"})
"""Tasks whose probabilities are held against a threshold."""
Finite = Annotated[float, Field(allow_inf_nan=False)]


def _writable(value: Scalar) -> Scalar:
    if not _is_writable(value):
        msg = "a class is text without hidden characters, a whole or finite number, true or false"
        raise ValueError(msg)
    return value


def _is_writable(value: Scalar) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_IDENTIFIER and is_visible(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return SMALLEST_INTEGER <= value <= LARGEST_INTEGER


ModelClass = Annotated[Scalar, AfterValidator(_writable)]


class Frozen(BaseModel):
    """A part of `package.json`: unknown keys are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(Frozen):
    """One column that the model reads."""

    name: Identifier
    type: Literal["integer", "number", "string", "boolean"]
    unit: Identifier | None = None
    minimum: Finite | None = None
    maximum: Finite | None = None
    values: tuple[ModelClass, ...] | None = None
    """The only values there are, where the contract lists them."""


class Output(Frozen):
    """One column of the answers."""

    name: Identifier
    type: Literal["integer", "number", "string", "boolean"]
    minimum: Finite | None = None
    maximum: Finite | None = None


class Signature(Frozen):
    """What goes in and what comes out."""

    inputs: tuple[Input, ...]
    classes: tuple[ModelClass, ...]
    """Those of a classifier in the order of its probabilities, of several labels their names; none for a regression."""
    positive: ModelClass | None = None
    """The positive class of a binary task."""
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    """From which probability on a row is decided positive, of a binary task, or to have a label of several."""
    quantiles: LevelsField = ()
    """The levels of several quantiles, in the order of the answers; written only where there are some."""

    @model_serializer(mode="wrap")
    def _as_earlier_versions_wrote_it(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = written(self)
        return said if self.quantiles else {name: value for name, value in said.items() if name != "quantiles"}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = {item.name for item in self.inputs}
        if len(names) < len(self.inputs):
            msg = "an input stands twice"
            raise ValueError(msg)
        if self.positive is not None and self.threshold is None:
            msg = "a positive class comes with a threshold"
            raise ValueError(msg)
        if self.is_multilabel and len({str(each) for each in self.classes if each}) < max(len(self.classes), 2):
            msg = "a threshold comes with a positive class, or with two labels or more"
            raise ValueError(msg)
        if self.positive is not None and not any(is_same_class(item, self.positive) for item in self.classes):
            msg = "the positive class is none of the classes"
            raise ValueError(msg)
        if self.quantiles and self.classes:
            msg = "quantiles are of numbers, which have no classes"
            raise ValueError(msg)
        return self

    @property
    def is_multilabel(self) -> bool:
        """Whether a row may have any of the classes, which are labels, or none."""
        return self.threshold is not None and self.positive is None

    @property
    def answered(self) -> tuple[str, ...]:
        """What each answer of a row is called, where there are several: labels, or levels of quantiles."""
        return tuple(map(str, self.classes)) if self.is_multilabel else level_names(self.quantiles)

    def is_answered_by(self, classes: Iterable[Scalar] | None, labels: int | None) -> bool:
        """Return whether a model with these CLASSES, or so many LABELS at once, answers as this signature says."""
        if self.is_multilabel:
            return classes is None and labels == len(self.classes)
        return labels is None and tuple(classes or ()) == self.classes

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The columns of the answers: a number, or quantiles; or the class, after its probability, or each one's.

        Of several labels the probability of each, then for each 1 where it was decided and 0 where not.
        """
        if self.quantiles:
            return tuple(Output(name=f"{OF_LEVEL}{each}", type="number") for each in self.answered)
        if not self.classes:
            return (Output(name="prediction", type="number"),)
        if self.is_multilabel:
            return (
                *(
                    Output(name=_output("probability", each), type="number", minimum=0, maximum=1)
                    for each in self.classes
                ),
                *(
                    Output(name=_output("decision", each), type="integer", minimum=0, maximum=1)
                    for each in self.classes
                ),
            )
        names = ["probability"] if self.positive is not None else [f"probability_{each}" for each in self.classes]
        probabilities = [
            Output(name=one_line(name, LONGEST_IDENTIFIER), type="number", minimum=0, maximum=1) for name in names
        ]
        return (*probabilities, Output(name="decision", type=_type_of(self.classes[0])))

    @property
    def digest(self) -> str:
        """The sha256 of the signature."""
        return canonical_sha256(self.model_dump(mode="json"))


def _output(word: str, label: Scalar) -> str:
    return one_line(f"{word}_{label}", LONGEST_IDENTIFIER)


def _type_of(label: Scalar) -> Literal["integer", "number", "string", "boolean"]:
    if isinstance(label, bool):
        return "boolean"
    if isinstance(label, int):
        return "integer"
    return "number" if isinstance(label, float) else "string"


def is_same_class(one: object, other: object) -> bool:
    """Tell whether two class labels are one: `1` and `1.0` are, `1` and `True` or `"1"` are not."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def positive_index(signature: Signature) -> int:
    """Return the column of the predicted probabilities that belongs to the positive class."""
    return next(place for place, item in enumerate(signature.classes) if is_same_class(item, signature.positive))


def change_of_signature(before: Signature, after: Signature) -> Literal["major", "minor"]:
    """Return `major` where somebody who uses BEFORE would break with AFTER, else `minor`."""
    old = {column.name: column for column in before.inputs}
    new = {column.name: column for column in after.inputs}
    # Inputs are required: one more breaks who sends the old ones, one less breaks who relies on its being used.
    said, says = ((each.classes, each.positive, each.quantiles) for each in (before, after))
    if new.keys() != old.keys() or said != says:
        return "major"
    return "major" if any(_is_narrower(old[name], column) for name, column in new.items()) else "minor"


def _is_narrower(before: Input, after: Input) -> bool:
    """Tell whether a value that was fine BEFORE may not be so AFTER."""
    is_same_type = before.type == after.type or (before.type, after.type) == ("integer", "number")
    if not is_same_type or before.unit != after.unit:
        return True
    low = after.minimum is not None and (before.minimum is None or after.minimum > before.minimum)
    high = after.maximum is not None and (before.maximum is None or after.maximum < before.maximum)
    listed = after.values is not None and (before.values is None or not set(before.values) <= set(after.values))
    return low or high or listed


def first_problem(error: ValidationError) -> str:
    """Return the first problem in one line; what stands in the package may be hostile."""
    first = error.errors(include_url=False, include_input=False)[0]
    return one_line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": "), LONGEST_IDENTIFIER)
