"""The name that every JSON file of mlci carries: `"schema": "mlci/<name>/<n>"`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = re.compile(r"(mlci/[a-z-]{1,40})/([1-9][0-9]{0,4})")


def with_schema(schema: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return CONTENT as a file of SCHEMA.

    >>> with_schema("mlci/run/1", {"seconds": 3.5})
    {'schema': 'mlci/run/1', 'seconds': 3.5}
    """
    return {"schema": schema, **content}


def read_json(data: bytes, schema: str, path: str) -> dict[str, Any]:
    """Return what a file of SCHEMA says, without its schema; PATH is how it is called in an error.

    Raises `IntegrityError("newer-schema")` for a file of a newer mlci, and `ValueError` for anything else.
    """
    try:
        text = data.decode()
        value = json.loads(text)
        if "\\u" in text:  # half a surrogate pair, which only an escape brings in, could be written nowhere
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - every file that is not ours is refused alike
    found = value.pop("schema", None)
    if found != schema:
        refuse_newer(found, schema, path)
        raise ValueError(f"`schema` should be {schema}")
    return value


def refuse_newer(found: object, schema: str, path: str) -> None:
    """Raise `IntegrityError("newer-schema")` where FOUND, in the file PATH, is a newer SCHEMA."""
    name, _, number = schema.rpartition("/")
    match = _NAME.fullmatch(found) if isinstance(found, str) else None
    if match is not None and match[1] == name and int(match[2]) > int(number):
        raise IntegrityError(
            "newer-schema",
            f"{path} was written by a newer mlci: its schema is {match[0]}, this version reads {schema}",
            where=path,
            hint="Update mlci: pip install --upgrade mlci",
        )
