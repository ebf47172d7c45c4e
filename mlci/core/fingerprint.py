"""The fingerprint of a run: the hash of everything that goes into it, by Git object id.

Two runs with one fingerprint had the same command, code, data and parameters, so the second need not be made.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mlci.core.above import below, is_lock_above
from mlci.core.canonical import canonical_sha256
from mlci.core.command_words import words_for_a_shell
from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_section import identity, stand_ins
from mlci.core.listed_code import OF_ENVIRONMENTS, OF_PIPELINES, all_listed
from mlci.core.pipeline import POINTER
from mlci.core.runs.secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.config import Config
    from mlci.core.evidence_level import Level
    from mlci.core.training_sections import PredictSection

NOT_CODE = (
    FILE_NAME, "*.md", "docs/*", "contracts/*", "tests/*", "test_*.py", "LICENSE*",
    ".git*", ".github/*", ".mlci/*", "*.pyc",
)  # fmt: skip
"""Tracked files that no training reads: configuration, contracts, prose, tests, what Git and the host read."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What went into a run, by hash; `digest` names the whole."""

    command: str
    """Without what looks like a secret: another password is no other training."""
    model: str
    """Where the command leaves the model."""
    code: str
    """sha256 over the paths and Git ids of all code files."""
    data: Mapping[str, str]
    """What stands for the bytes of each training data set, by name: `mlci.core.data_section.identity`."""
    params: str | None
    packaging: str
    """sha256 over what becomes part of the package without being read by the training: model, evaluate, contract."""
    environment: Mapping[str, str] | None = None
    """How the environment is made, where the configuration says it; its files count as code."""
    level: Level = "model"
    """What the command leaves there."""
    convert: str | None = None
    """The format that the model is converted to; None where its own serves."""
    program: Mapping[str, Any] | None = None
    """How rows are answered where the model is a program; its files count as code."""

    @property
    def digest(self) -> str:
        """The sha256 of all inputs, in hexadecimal."""
        return canonical_sha256(self.to_dict())

    @property
    def training(self) -> str:
        """The sha256 of what the training command depends on: packaging anew needs no new training."""
        return canonical_sha256({**self.to_dict(), "packaging": None})

    def to_dict(self) -> dict[str, Any]:
        """Return the inputs as a JSON object."""
        return {
            "command": self.command,
            "model": self.model,
            "code": self.code,
            "data": dict(self.data),
            "params": self.params,
            "packaging": self.packaging,
            **({"environment": dict(self.environment)} if self.environment else {}),
            **({"level": self.level} if self.level != "model" else {}),
            **({"convert": self.convert} if self.convert else {}),
            **({"program": dict(self.program)} if self.program else {}),
        }


def fingerprint(config: Config, ids: Mapping[str, str], made: frozenset[str] = frozenset()) -> Fingerprint:
    """Return the fingerprint of the run that CONFIG describes on files with the Git ids IDS (by path).

    What a run has MADE, as its pipeline says, goes into none.
    """
    train = config.train
    code = {path: ids[path] for path in code_paths(config, ids, made)}
    return Fingerprint(
        command=train.title,
        model=train.output,
        code=canonical_sha256(code),
        data={name: identity(config.data[name], ids) or "missing" for name in config.inputs},
        params=None if train.params is None else ids.get(train.params, "missing"),
        packaging=canonical_sha256(_packaging(config, ids)),
        environment=_environment(config),
        level=train.level,
        convert=train.convert,
        program=None if train.predict is None else _program(train.predict),
    )


def _program(section: PredictSection) -> dict[str, Any]:
    return {**section.model_dump(mode="json"), "run": without_secrets(section.run)}


def _environment(config: Config) -> dict[str, str] | None:
    install = config.environment.install
    if install is None:
        return None
    return {"install": without_secrets(install), "python": config.environment.python or ""}


def _packaging(config: Config, ids: Mapping[str, str]) -> dict[str, Any]:
    contract = config.data[config.evaluate.data].contract
    return {
        "model": config.model.model_dump(mode="json"),
        "evaluate": _without_absent(
            config.evaluate.model_dump(mode="json"), "labels", "features", "prediction", "quantiles"
        ),
        "contract": None if contract is None else ids.get(contract, "missing"),
    }


def _without_absent(section: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return SECTION without what is not said of keys with these NAMES, which earlier versions did not know."""
    return {name: value for name, value in section.items() if name not in names or value not in (None, [])}


def code_paths(config: Config, ids: Mapping[str, str], made: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the paths that count as code: what `train.code` lists, or all that is not data, output, prose or tests.

    What lies above the folder (`../`) counts where it is listed, and as a lock where an environment is made.

    Parameters count by themselves; what the command names, and what says what its environment or pipeline holds, is
    code wherever it lies.

    Data is what the configuration trains or evaluates on: what it only lists under a name may be code all the same. Of
    a model that is made elsewhere nothing is known but the file itself, or the pointer of DVC that stands for it.
    """
    if config.train.is_elsewhere:
        return tuple(path for path in pinned_paths(config) if path in ids)[:1]
    used = (*config.train.data, *config.scoring_sets)
    other = {path for name in used for path in (config.data[name].path, *stand_ins(config.data[name].path, ids))}
    other |= {config.train.output} | made
    other |= {section.contract for section in config.data.values() if section.contract}
    if config.train.params:
        other.add(config.train.params)
    named = frozenset(words_for_a_shell(config.train.run or ""))  # what the command names is code wherever it lies
    named |= frozenset(config.train.predict.packed if config.train.predict else ())
    surroundings = _of_surroundings(config, ids)
    if config.train.code is None:
        here = {path for path in below(ids) if path in named or not _is_not_code(path)}
        above = ids.keys() - below(ids).keys()
        return tuple(sorted((here | (above & (named | surroundings))) - other))
    own = all_listed(config.train.code, ids) | named | surroundings
    return tuple(sorted(path for path in ids if path in own and path not in other and not _is_reserved(path)))


def left_out(config: Config, rules: Config, ids: Mapping[str, str], made: frozenset[str]) -> tuple[str, ...]:
    """Return the paths that CONFIG does not call code, and that are code by the RULES of the target branch."""
    if config.train.code is None:
        return ()
    by_rules = config.model_copy(update={"train": config.train.model_copy(update={"code": rules.train.code})})
    return tuple(sorted({*code_paths(by_rules, ids, made)} - {*code_paths(config, ids, made)}))


def _of_surroundings(config: Config, ids: Mapping[str, str]) -> frozenset[str]:
    """Return the files that say what the environment holds, where mlci makes it, and what the pipeline does."""
    install = config.environment.install
    patterns = (*(OF_ENVIRONMENTS if install else ()), *(OF_PIPELINES if config.train.dvc else ()))
    here = {path for path in below(ids) if any(fnmatchcase(path.rpartition("/")[2], pattern) for pattern in patterns)}
    return (
        frozenset(words_for_a_shell(install or ""))
        | here
        | ({path for path in ids if is_lock_above(path)} if install else set())
    )


def pinned_paths(config: Config) -> tuple[str, str]:
    """Return where a model that is made elsewhere may be pinned: the file itself, or DVC's pointer to it."""
    return config.train.output, f"{config.train.output}{POINTER}"


def _is_reserved(path: str) -> bool:
    """Tell whether a file is what Git and mlci read, which no list makes code."""
    return path == FILE_NAME or path.startswith((".git", ".mlci/"))


def _is_not_code(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return any(fnmatchcase(path, pattern) or fnmatchcase(name, pattern) for pattern in NOT_CODE)
