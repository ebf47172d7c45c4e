"""Reading the small YAML documents that people write, `mlci.yaml` and contracts, as models."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mlci.core.problems import problems
from mlci.core.strict_yaml import Document, Position, plain_scalar, read_document
from mlci.errors import UsageError

__all__ = ["Document", "Position", "plain_scalar", "read_document", "read_located_model", "read_model"]

Model = TypeVar("Model", bound=BaseModel)


def read_model(text: bytes, model: type[Model], name: str, *, later: frozenset[str] = frozenset()) -> Model:
    """Return TEXT as a MODEL; a `UsageError` names every problem with its place, and the nearest right key.

    `later` holds dotted keys that the design has and this version has not.
    """
    return read_located_model(text, model, name, later=later)[0]


def read_located_model(
    text: bytes, model: type[Model], name: str, *, later: frozenset[str] = frozenset()
) -> tuple[Model, Document]:
    """Return what `read_model` does, and the document, which knows where everything stands."""
    document = read_document(text, name)
    try:
        return model.model_validate(document.value), document
    except ValidationError as error:
        found = problems(error, document, model, later)
    first, *more = found
    raise UsageError(
        "configuration",
        "\n".join([first.sentence, *(f"{problem.where}: {problem.sentence}" for problem in more if problem.where)]),
        where=first.where,
        hint=first.hint,
    )
