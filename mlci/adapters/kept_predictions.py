"""Predictions and descriptions of models that are kept in a folder, by all that they depend on."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.adapters.files import write_atomically
from mlci.adapters.model_answers import npy_head, validated
from mlci.core.prediction import Prediction
from mlci.errors import MlciError
from mlci.formats.description import ModelDescription

if TYPE_CHECKING:
    from collections.abc import Iterator


class KeptPredictions:
    """A folder of answers; a damaged one is worth nothing, and asking again mends it."""

    def __init__(self, folder: Path | None, program: Path, python: Path) -> None:
        """Keep in FOLDER, nothing where it is None, what PROGRAM answers by the interpreter PYTHON."""
        self._folder, self._program, self._python = folder, program, python

    def key(self, package_digest: str, model_file: bytes, model_format: str, rows_digest: str) -> str:
        """Return the sha256 of all that the answers to some rows depend on."""
        parts = [
            package_digest,
            # The digest is the caller's word for the model; the bytes are the model.
            hashlib.sha256(model_file).hexdigest(),
            model_format,
            rows_digest,
            _program_digest(self._program),
            # Another environment may answer otherwise.
            str(self._python.absolute()),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def description(self, model_file: bytes, model_format: str) -> ModelDescription | None:
        """Return the description of a model, None if there is none that is whole."""
        for file in self._description_file(model_file, model_format):
            try:
                return ModelDescription.from_dict(json.loads(file.read_bytes()))
            except (OSError, ValueError):
                pass  # it is asked again
        return None

    def keep_description(self, model_file: bytes, model_format: str, description: ModelDescription) -> None:
        """Keep the description of a model."""
        for file in self._description_file(model_file, model_format):
            write_atomically(file, json.dumps(description.to_dict()).encode())

    def prediction(self, key: str, rows: int) -> Prediction | None:
        """Return the prediction kept under KEY for so many ROWS, None if there is none that is whole."""
        if self._folder is None:
            return None
        entry = self._folder / key
        try:
            header = json.loads((entry / "header.json").read_bytes())
            payload = (entry / "values.npy").read_bytes()
            if hashlib.sha256(payload).hexdigest() != header["sha256"]:
                return None
            kind, classes, values = validated(header, payload, rows)
        except (OSError, ValueError, KeyError, TypeError, MlciError):
            return None
        return Prediction(values, classes, kind)

    def keep(self, key: str, prediction: Prediction) -> None:
        """Keep a prediction under KEY."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        payload = npy_head(prediction.values.shape) + prediction.values.tobytes()
        classes = None if prediction.classes is None else list(prediction.classes)
        header = {
            "prediction": {"kind": prediction.kind, "shape": list(prediction.values.shape), "classes": classes},
            "sha256": hashlib.sha256(payload).hexdigest(),
        }
        folder = Path(tempfile.mkdtemp(prefix="new-", dir=self._folder))
        (folder / "values.npy").write_bytes(payload)
        (folder / "header.json").write_text(json.dumps(header), encoding="utf-8")
        entry = self._folder / key
        shutil.rmtree(entry, ignore_errors=True)
        try:
            folder.rename(entry)
        except OSError:
            # Another process was faster with the same entry.
            shutil.rmtree(folder, ignore_errors=True)

    def _description_file(self, model_file: bytes, model_format: str) -> Iterator[Path]:
        """Yield where the description of a model is kept, if anything is."""
        if self._folder is not None:
            yield self._folder / f"{self.key('description', model_file, model_format, '')}.json"


def _program_digest(program: Path) -> str:
    """Return the sha256 over the names and bytes of the child's sources."""
    state = hashlib.sha256()
    for path in sorted(program.glob("*.py")):
        content = path.read_bytes()
        state.update(f"{path.name} {len(content)}\n".encode() + content)
    return state.hexdigest()
