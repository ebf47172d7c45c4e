"""The package: a model with everything that predicting needs, as a mapping of file names to bytes.

Its bytes depend only on the model's values and its metadata, never on clock, path, host or commit.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

from pydantic import Field, ValidationError

from mlci.core.baseline import BASELINE_FILE, read_baseline
from mlci.core.fitted_signature import build_signature
from mlci.core.metrics import Task  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.mlflow_model import MLMODEL_FILE, mlmodel
from mlci.core.names import NAME
from mlci.core.plain_text import one_line
from mlci.core.schema_name import with_schema
from mlci.core.section import LONGEST_IDENTIFIER, Identifier
from mlci.core.signature import Frozen, Input, Signature, change_of_signature, first_problem, positive_index
from mlci.core.words import code
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.baseline import Baseline
    from mlci.core.config import Config
    from mlci.core.contract.model import Contract
    from mlci.core.evidence_level import Level

__all__ = [
    "Input",
    "Package",
    "PackageInfo",
    "Signature",
    "baseline",
    "build_package",
    "build_signature",
    "change_of_signature",
    "positive_index",
    "read_package",
    "with_file",
]

SCHEMA: Final = "mlci/package/1"
PACKAGE_FILE = "package.json"
MANIFEST_FILE = "manifest.json"
MANIFEST_SCHEMA: Final = "mlci/manifest/1"
REQUIREMENTS_FILE: Final = "requirements.txt"
CONTRACT_FILE: Final = "contract.json"
CONTRACT_SCHEMA: Final = "mlci/contract/1"
ModelFormat = Literal["skops", "onnx", "xgboost", "lightgbm", "program", "pickle", "predictions", "scores", "metrics"]
"""The format of the model; `predictions`, `scores` and `metrics` stand in its place.

A `program` is there, and judged by its answers alone; so is a `pickle`, which a program of mlci's own loads.
"""
PROGRAMS: Final = frozenset({"program", "pickle"})
ModelFile = Literal[
    "model.skops", "model.onnx", "model.json", "model.txt", "program.tar",
    "predictions.jsonl", "scores.jsonl", "metrics.jsonl",
]  # fmt: skip
MODEL_FILES: Final[Mapping[ModelFormat, ModelFile]] = {
    "skops": "model.skops",
    "onnx": "model.onnx",
    "xgboost": "model.json",
    "lightgbm": "model.txt",
    "program": "program.tar",
    "pickle": "program.tar",
    "predictions": "predictions.jsonl",
    "scores": "scores.jsonl",
    "metrics": "metrics.jsonl",
}
"""The name of the model file, by format."""
PICKLE_WARNING: Final = (
    "It could not be converted and is shipped raw, as `train.allow_pickle` lets it: **a pickle runs code wherever it "
    "is loaded**. Who judged it saw its answers to the evaluation rows and nothing else; mlci loads it in a confined "
    "child only, and never beside a token."
)
# They become lines of requirements.txt.
Distribution = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Version = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9.!+_-]{0,99}$")]


class PackageInfo(Frozen):
    """What `package.json` says."""

    schema_: Literal["mlci/package/1"] = SCHEMA
    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
    task: Task
    format: ModelFormat
    model: ModelFile
    estimator: Identifier
    signature: Signature
    requirements: dict[Distribution, Version]
    """Exact versions of what predicting needs, by distribution."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package in memory."""

    info: PackageInfo
    files: Mapping[str, bytes]
    assumption: str | None = field(default=None, compare=False)
    """What was taken for granted when it was made, for whoever made it; a package that is read says it in its card."""

    @property
    def model(self) -> bytes:
        """The bytes of the model file, or of what stands in its place."""
        return self.files[self.info.model]

    @property
    def can_answer(self) -> bool:
        """Whether what answers rows is in here."""
        return self.info.format not in {"predictions", "scores", "metrics"}

    @property
    def level(self) -> Level:
        """The evidence that it is: the model, or what stands in its place."""
        match self.info.format:
            case "predictions" | "scores" | "metrics" as level:
                return level
            case "program" | "pickle":
                return "predictions"
            case _:
                return "model"


def build_package(
    model: bytes,
    estimator: str,
    signature: Signature,
    requirements: Mapping[str, str],
    config: Config,
    *,
    model_format: ModelFormat = "skops",
    contract: Contract | None = None,
    more: Mapping[str, bytes] | None = None,
    assumption: str | None = None,
) -> Package:
    """Return the package of MODEL, the bytes of its format's one form.

    Its card names the ASSUMPTION of its signature, if there is one. MORE are files that come from elsewhere: what loads
    it in MLflow, golden rows.
    """
    info = PackageInfo(
        name=config.model.name,
        task=config.model.task,
        format=model_format,
        model=MODEL_FILES[model_format],
        estimator=one_line(estimator, LONGEST_IDENTIFIER),
        signature=signature,
        requirements=dict(sorted(requirements.items())),
    )
    files = {
        info.model: model,
        PACKAGE_FILE: _pretty(info.model_dump(mode="json")),
        REQUIREMENTS_FILE: "".join(f"{name}=={version}\n" for name, version in info.requirements.items()).encode(),
        "README.md": _card(config, info, assumption).encode(),
        **({} if model_format in {"predictions", "scores", "metrics"} else {MLMODEL_FILE: mlmodel(signature)}),
        **(more or {}),
    }
    if contract is not None:
        files[CONTRACT_FILE] = _pretty(
            with_schema(CONTRACT_SCHEMA, contract.model_dump(mode="json", exclude_defaults=True))
        )
    return Package(info, _listed(files), assumption)


def with_file(package: Package, name: str, content: bytes) -> Package:
    """Return PACKAGE with one more file."""
    return replace(package, files=_listed({**package.files, name: content}))


def _listed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return FILES with the manifest of them."""
    named = {name: data for name, data in files.items() if name != MANIFEST_FILE}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(named.items())}
    return {**named, MANIFEST_FILE: _pretty(with_schema(MANIFEST_SCHEMA, {"files": hashes}))}


def read_package(files: Mapping[str, bytes]) -> Package:
    """Return the package in FILES; raises `IntegrityError` when it is not whole or is from a newer mlci."""
    for needed in (MANIFEST_FILE, PACKAGE_FILE):
        if needed not in files:
            raise _malformed(f"{needed} is missing")
    manifest = _manifest(files)
    present = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != MANIFEST_FILE}
    if manifest != present:
        differing = sorted(name for name in {*manifest, *present} if manifest.get(name) != present.get(name))
        raise _malformed(one_line(f"the manifest does not match: {', '.join(differing)}", LONGEST_IDENTIFIER))
    info = _info(_json_object(files, PACKAGE_FILE))
    if _pretty(info.model_dump(mode="json")) != files[PACKAGE_FILE]:
        raise _malformed(f"{PACKAGE_FILE} is not in the form that mlci writes")
    if info.model != MODEL_FILES[info.format] or info.model not in files:
        raise _malformed(f"the model file {code(info.model)} is missing")
    baseline(files, info.signature)
    return Package(info, files)


def baseline(files: Mapping[str, bytes], signature: Signature) -> Baseline | None:
    """Return the baseline among FILES, None where there is none; raises `IntegrityError` where it does not fit."""
    content = files.get(BASELINE_FILE)
    try:
        return None if content is None else read_baseline(content, signature)
    except ValueError as error:
        raise _malformed(f"{BASELINE_FILE}: {error}") from None


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the hashes that the manifest states, by name."""
    content = _json_object(files, MANIFEST_FILE)
    schema, listed = content.get("schema"), content.get("files")
    _refuse_newer(schema, MANIFEST_SCHEMA)
    if content.keys() != {"schema", "files"} or schema != MANIFEST_SCHEMA or not isinstance(listed, dict):
        raise _malformed(f"{MANIFEST_FILE} is not in the form that mlci writes")
    return cast("dict[str, Any]", listed)


def _refuse_newer(found: object, schema: str) -> None:
    """Raise `IntegrityError("package-newer")` where FOUND is another number of SCHEMA than this mlci reads."""
    name, _, _ = schema.rpartition("/")
    newer = re.fullmatch(rf"{name}/([1-9][0-9]{{0,5}})", found) if isinstance(found, str) else None
    if newer and found != schema:
        raise IntegrityError(
            "package-newer",
            f"the package says {found}; this mlci reads {schema}",
            cause="It was made by a newer mlci.",
            hint='pip install --upgrade "mlci"',
        )


def _info(content: dict[str, Any]) -> PackageInfo:
    """Return what `package.json` says; raises `IntegrityError` where it is of a newer schema, or not of ours."""
    _refuse_newer(content.get("schema"), SCHEMA)
    try:
        return PackageInfo.model_validate(
            {"schema_" if key == "schema" else key: item for key, item in content.items()}
        )
    except ValidationError as error:
        raise _malformed(f"{PACKAGE_FILE}: {first_problem(error)}") from None


def _card(config: Config, info: PackageInfo, assumption: str | None) -> str:
    """Return the model card, as far as it is known when packaging."""
    signature = info.signature
    lines = [f"# {info.name}", ""]
    lines += [line for text in (config.model.objective, config.model.description) if text for line in (text, "")]
    if info.format == "predictions":
        lines += [f"What a model for a {info.task} task answered, {_answer(signature)}; the model is not in here."]
    elif info.format in {"scores", "metrics"}:
        word = info.format.capitalize()
        lines += [f"{word} of a model for a {info.task} task, computed elsewhere; the model is not in here."]
    else:
        what = info.format if info.format in PROGRAMS else code(info.estimator)
        lines += [
            f"A {what} for a {info.task} task: {len(signature.inputs)} inputs, {_answer(signature)}.",
            *(_of_program(info) if info.format in PROGRAMS else ()),
            *("", "| input | type | unit | range |", "|---|---|---|---|"),
        ]
    lines += [
        f"| {_cell(code(item.name))} | {item.type} | {_cell(item.unit or '')} | {_range(item)} |"
        for item in signature.inputs
    ]
    if assumption is not None:
        lines += ["", assumption]
    if config.model.owners:
        lines += ["", f"Owners: {', '.join(config.model.owners)}"]
    return "\n".join(lines) + "\n"


def _of_program(info: PackageInfo) -> tuple[str, ...]:
    if info.format == "pickle":
        return "", PICKLE_WARNING
    text = (
        f"It is called as {code(info.estimator)}, and is code of whoever trained it. Who judged it saw its answers to "
        "the evaluation rows and nothing else; mlci starts it confined only."
    )
    return "", text


def _answer(signature: Signature) -> str:
    """Return what a model answers, in words."""
    if signature.quantiles:
        return f"the quantiles {', '.join(signature.answered)} of a number"
    if signature.is_multilabel:
        return f"any of {len(signature.classes)} labels, each decided from {signature.threshold:g}"
    if signature.positive is not None and signature.threshold is not None:
        return f"positive class {code(str(signature.positive))}, decided positive from {signature.threshold:g}"
    if signature.classes:
        return f"one of {len(signature.classes)} classes, the most probable one"
    return "a number"


def _cell(text: str) -> str:
    """Return TEXT so that it cannot end its cell of a table."""
    return text.replace("|", "\\|")


def _range(column: Input) -> str:
    if column.minimum is None and column.maximum is None:
        return ""
    low = "" if column.minimum is None else f"{column.minimum:g}"
    high = "" if column.maximum is None else f"{column.maximum:g}"
    return f"{low} … {high}"


def _pretty(value: dict[str, Any]) -> bytes:
    renamed = {"schema" if key == "schema_" else key: item for key, item in value.items()}
    return (json.dumps(renamed, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _json_object(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    try:
        value = json.loads(files[name])
    except (ValueError, RecursionError):
        raise _malformed(f"{name} is not JSON") from None
    if not isinstance(value, dict):
        raise _malformed(f"{name} is not a JSON object")
    return cast("dict[str, Any]", value)


def _malformed(problem: str) -> IntegrityError:
    return IntegrityError(
        "package-malformed",
        f"the package is not whole: {problem}",
        cause="A file was edited, replaced or lost after packaging.",
        hint="mlci train",
    )
