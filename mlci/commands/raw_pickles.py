"""A pickle that cannot be converted, shipped raw where the target branch allows it: a program that mlci writes.

A pickle runs what it names, so it is treated as the code that it is: started confined, where it was trained, and
judged by its answers. See `docs/decisions/0012`.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from posixpath import dirname
from typing import TYPE_CHECKING, Final

from mlci.commands.programs import answered, contract_of, files_below
from mlci.core.fingerprint import code_paths
from mlci.core.package import REQUIREMENTS_FILE
from mlci.core.paths import LONGEST_PACKED, PACKED
from mlci.core.program import Program, ProgramInfo, inputs_of
from mlci.errors import RejectedError
from mlci.formats import pickle_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.commands.ports import Data, Predictor, Repository
    from mlci.core.config import Config
    from mlci.core.predictions import Predictions
    from mlci.core.side import Side

COMMAND: Final = ("python3", "-I", "answer.py")
"""The interpreter is that of the environment; it reads no variable and no folder but those beside the program."""
MODEL: Final = "model.pkl"
CODE: Final = "code/"
SECONDS: Final = 600


def raw_pickle(
    content: bytes,
    side: Side,
    repository: Repository,
    *,
    ids: Mapping[str, str],
    data: Data,
    predictor: Predictor,
    objects: Path,
) -> tuple[bytes, Predictions]:
    """Return the file of a program that answers with the pickle in CONTENT, and its answers to the evaluation rows.

    With it go the Python files that count as code, since a pickle names classes and does not hold them; and
    `requirements.txt`, where there is one. Raises `RejectedError("pickle-failed")` where it does not load or answer,
    and what `answered` raises.
    """
    config, code = side.config, dict(_code(side, ids))
    info = ProgramInfo(
        command=COMMAND,
        rows="jsonl",
        timeout_seconds=SECONDS,
        inputs=inputs_of(config, contract_of(side)),
        positive=config.evaluate.positive,
        quantiles=config.evaluate.quantiles,
        pickle=True,
    )
    about = {
        "model": MODEL,
        "folders": _folders(config, code),
        "task": config.model.task,
        "positive": config.evaluate.positive,
        **({"columns": info.answered} if info.answered else {}),
    }
    found = files_below(repository.folder, (*code, *(path for path in (REQUIREMENTS_FILE,) if path in ids)))
    files = {
        COMMAND[-1]: Path(pickle_answers.__file__).read_bytes(),
        "about.json": (json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode(),
        MODEL: content,
        **{code.get(path, path): bytes_ for path, bytes_ in found.items()},
    }
    try:
        return answered(
            Program(info, files), side, repository.work_tree(), data=data, predictor=predictor, objects=objects
        )  # fmt: skip
    except RejectedError as error:
        if error.code != "program-failed":
            raise
        raise _failed(error) from error


def _code(side: Side, ids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the Python files that count as code, each with its name in the package."""
    for path in code_paths(side.config, ids, side.made):
        name = f"{CODE}{path}"
        if path.endswith(".py") and re.fullmatch(PACKED, name) and len(name) <= LONGEST_PACKED:
            yield path, name


def _folders(config: Config, code: Mapping[str, str]) -> list[str]:
    """Return the folders that modules are imported from: that of `mlci.yaml`, `src`, those of scripts that train."""
    try:
        words = shlex.split(config.train.run or "")
    except ValueError:  # a quote that never closes: the shell has said so
        words = []
    scripts = (dirname(word.removeprefix("./")) for word in words if word.removeprefix("./") in code)
    return list(dict.fromkeys(f"{CODE}{folder}".rstrip("/") for folder in ("", "src", *scripts)))


def _failed(error: RejectedError) -> RejectedError:
    failed = RejectedError(
        "pickle-failed",
        error.problem.replace(f"`{' '.join(COMMAND)}`", "the pickle, asked in a confined child,"),
        cause="It names a class of the script itself (`__main__`), or a module that is neither a tracked Python file "
        "nor a library of python3; or it reads what a model may not.",
        hint="Move its classes into a module that is in Git; train with the python3 on PATH, or with environment:",
    )
    failed.private = error.private
    return failed
