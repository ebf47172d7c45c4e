"""The candidate's package, kept with what it was made from: equal inputs are not packaged twice.

Packaging asks the model for golden rows, and counts all rows of its training data, however many there are. What is kept
is a hash of everything that goes into a package; the bytes are those that were submitted, and count only while they
are the ones that were made then. It serves who trains, on the machine where it trains: who judges makes the package
anew (`mlci.commands.repackaging`) and reads nothing of this.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from mlci.commands.whole_package import WholePackage
from mlci.core.canonical import canonical_json, canonical_sha256
from mlci.core.data_section import identity
from mlci.core.lock import LOCKS
from mlci.core.package import PROGRAMS, read_package
from mlci.core.schema_name import read_json, with_schema
from mlci.errors import IntegrityError
from mlci.formats.archive import digest, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.commands.job import Job
    from mlci.commands.ports import Workbench
    from mlci.core.config import Config

FILE: Final = "packaged.json"
SCHEMA: Final = "mlci/packaged/1"


def origin_of_package(
    model: bytes, requirements: Mapping[str, str], job: Job, rules: Config, ids: Mapping[str, str]
) -> str:
    """Return the hash of everything that the package of MODEL under RULES depends on, with files of the Git ids IDS."""
    side = job.side
    return canonical_sha256(
        {
            "model": hashlib.sha256(model).hexdigest(),
            "requirements": dict(requirements),
            "rules": rules.model_dump(mode="json"),
            "head": side.config.model_dump(mode="json"),
            "contracts": {name: contract.model_dump(mode="json") for name, contract in side.contracts.items()},
            "data": {name: identity(side.config.data[name], ids) for name in side.config.train.data},
            "locks": {path: ids[path] for path in LOCKS if path in ids},
            "asked by": job.predictor.state(),
        }
    )


def kept_package(origin: str, work: Workbench) -> WholePackage | None:
    """Return the package that was made from what ORIGIN is the hash of; None where none is here, or not whole."""
    try:
        known = read_json(work.read(FILE) or b"", SCHEMA, FILE)
        submission = work.submission() if known.get("origin") == origin else None
        if submission is None or digest(submission.archive) != known.get("package"):
            return None
        return WholePackage(read_package(unpack(submission.archive)), tuple(map(str, known["remarks"])))
    except (ValueError, KeyError, TypeError, IntegrityError):  # worth nothing, and making it again mends it
        return None


def keep_package(origin: str, made: WholePackage, sha256: str, work: Workbench) -> None:
    """Keep in WORK that the submitted package with this SHA256 was MADE from what ORIGIN is the hash of.

    Not of a program, which may answer by what lies around it, nor of one without what could not be counted this time.
    """
    if made.is_final and made.package.info.format not in PROGRAMS:
        known = {"origin": origin, "package": sha256, "remarks": list(made.remarks)}
        work.write(FILE, canonical_json(with_schema(SCHEMA, known)) + b"\n")
