"""`mlci.yaml` as far as it is read without the models of its sections: verbs of the registry need no more."""

from __future__ import annotations

from typing import Final

from mlci.core.names import NAME
from mlci.core.strict_yaml import read_document
from mlci.errors import UsageError

FILE_NAME: Final = "mlci.yaml"
VERSION: Final = 1
"""Of the configuration, which the file states."""


def model_name(text: bytes) -> str | None:
    """Return the name of the model that the configuration TEXT is about, whatever else it says.

    None where there is none to be had: the whole reader, `mlci.core.config.read_config`, then says what is wrong.
    Loading that one takes longer than reading 2,000 events.

    >>> model_name(b"{version: 1, model: {name: tumour}}"), model_name(b"{version: 1, data: {}}")
    ('tumour', None)
    """
    try:
        value = read_document(text, FILE_NAME).value
    except UsageError:
        return None
    if not isinstance(value, dict) or type(value.get("version")) is not int or value["version"] != VERSION:
        return None
    model = value.get("model")
    name = model.get("name") if isinstance(model, dict) else None
    return name if isinstance(name, str) and NAME.fullmatch(name) else None
