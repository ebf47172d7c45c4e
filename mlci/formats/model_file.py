"""A model file as it is stored: recognised, checked without loading it, and in the one form of its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.errors import IntegrityError

from .canonical import canonical_skops
from .recognition import recognised
from .refusal import RefusalError

if TYPE_CHECKING:
    from .recognition import Format

SAVE_HINTS: Final = {
    "onnx": "skl2onnx.to_onnx(model, features[:1]), written with SerializeToString()",
    "xgboost": 'model.save_model("model.json")',
    "lightgbm": 'model.booster_.save_model("model.txt")',
}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file: its format, and its bytes in that format's one form."""

    format: Format
    content: bytes


def read_model(data: bytes) -> ModelFile:
    """Return the model file in DATA, in the one form of its format; nothing of it is loaded.

    Raises IntegrityError `pickle-refused`, `not-skops`, `model-unreadable` or `model-forbidden-type`.
    """
    model_format = recognised(data)
    if model_format == "skops":
        return ModelFile(model_format, canonical_skops(data))
    try:
        return ModelFile(model_format, _checked(data, model_format))
    except RefusalError as error:
        raise _refused(error, model_format) from error


def _checked(data: bytes, model_format: Format) -> bytes:
    # numpy is loaded only where one of these formats is read.
    if model_format == "lightgbm":
        from .lightgbm_text import read_text  # noqa: PLC0415

        return read_text(data).text.encode()
    if model_format == "xgboost":
        from .xgboost_json import read_document  # noqa: PLC0415

        return read_document(data).text.encode()
    from .onnx_graph import read_graph  # noqa: PLC0415

    read_graph(data)
    return data


def _refused(error: RefusalError, model_format: Format) -> IntegrityError:
    if error.code == "model-forbidden-type":
        return IntegrityError(
            error.code,
            f"the model holds what is not allowed: {error.message}",
            cause="It cannot be checked before native code follows it.",
            hint="Train without it, or save the model in another format.",
        )
    return IntegrityError(
        error.code,
        f"the model could not be read: {error.message}",
        cause="It is damaged, or of another version of its library.",
        hint=f"Save it again: {SAVE_HINTS[model_format]}",
    )
