"""A model that was made elsewhere: it lies in Git, or DVC's pointer to it does; how it came about is not known."""

from __future__ import annotations

import hashlib
import shlex
from typing import TYPE_CHECKING

from mlci.commands.pipeline import VARIABLES
from mlci.commands.recording import before, recorded
from mlci.commands.running import left
from mlci.core.configuration_file import FILE_NAME
from mlci.core.fingerprint import pinned_paths
from mlci.core.pipeline import read_pointer
from mlci.core.runs import Cost
from mlci.core.training import Completed
from mlci.errors import IntegrityError, RejectedError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.job import Job
    from mlci.commands.running import Left
    from mlci.core.pipeline import Pointer

UNKNOWN = ("command", "code", "environment", "seed", "cost")
"""What no record can say of a model that only arrived here."""
CHUNK_BYTES = 1 << 20


def bring(job: Job) -> Left:
    """Return the model that is pinned here, after keeping it and a record of what is known of it.

    Raises `UsageError("no-model-source")`, `IntegrityError("model-differs")`, `RejectedError("model-not-pulled")`.
    """
    config, tree = job.side.config, job.repository.work_tree()
    model, pointer = pinned_paths(config)
    if model not in job.ids:
        if pointer not in job.ids:
            raise _nothing_makes(model)
        pinned = read_pointer(tree.read(pointer))
        if pinned is None:
            raise _not_a_pointer(pointer)
        _pull(job, pinned, pointer)
    given = before(config, job.inputs, job.ids, job.repository, job.side.made)
    found = left(job, FILE_NAME)
    done = Completed(exit_code=None, seconds=0.0, tail=(), started=job.runner.now())
    record, details = recorded(
        given,
        done,
        "brought in",
        "it was made elsewhere",
        seed=None,
        model_sha256=found.sha256,
        description=found.description.to_dict(),
        unknown=(*UNKNOWN, *(() if config.inputs else ("data",))),
    )
    record = record.model_copy(update={"cost": Cost()})
    job.work.keep_run(record, details)
    job.work.keep_trained(found.kept(record), found.model)
    return found


def _pull(job: Job, pinned: Pointer, pointer: str) -> None:
    """Bring the file that a pointer stands for, unless it is here already; it must have the pointer's hash."""
    if _md5(job.output) == pinned.md5:
        return
    train = job.side.config.train
    log = job.work.log_of(job.inputs.training)
    command = f"dvc pull --force {shlex.quote(pointer)}"
    done = job.runner.run(
        command, folder=job.repository.folder, log=log, variables=VARIABLES, passed=train.env, timeout=train.timeout
    )
    if done.exit_code != 0:
        raise RejectedError(
            "model-not-pulled",
            f"`{command}` did not bring {train.output}",
            where=log.relative_to(job.repository.folder).as_posix(),
            cause="The remote is out of reach, or nobody pushed the file.",
            hint="dvc push, where the model was made; variables of the remote are named under train.env",
        )
    if _md5(job.output) != pinned.md5:
        raise IntegrityError(
            "model-differs",
            f"{train.output} is not the file that {pointer} names",
            where=pointer,
            cause="It was written anew, and the pointer was not.",
            hint=f"dvc add {train.output}, or dvc checkout --force {pointer}",
        )


def _md5(file: Path) -> str | None:
    """Return DVC's hash of a file, None where there is none; it tells files apart and protects from nobody."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with file.open("rb") as content:
            while chunk := content.read(CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()


def _nothing_makes(model: str) -> UsageError:
    return UsageError(
        "no-model-source",
        f"nothing makes {model}, and it is not in Git",
        where=FILE_NAME,
        cause="There is neither train.run nor train.dvc, so the model is taken as it lies here, pinned by its hash.",
        hint=f"train: {{run: python train.py, …}}, or git add {model}, or dvc add {model} and git add {model}.dvc",
    )


def _not_a_pointer(pointer: str) -> UsageError:
    return UsageError(
        "not-a-pointer",
        f"{pointer} does not stand for one file with its hash",
        where=pointer,
        cause="It stands for a folder, or was not written by DVC.",
        hint=f"dvc add {pointer.removesuffix('.dvc')}",
    )
