"""The outside as the commands see it: one Protocol for each thing that an adapter brings in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from mlci.core.answer_columns import AnswerColumns
    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.data_files import DataFiles, Wanted
    from mlci.core.expression import Check
    from mlci.core.fetched import Fetched
    from mlci.core.findings import DatasetReport
    from mlci.core.forge import (
        Deployment,
        DeploymentStatus,
        Head,
        NoPullRequest,
        Permission,
        PullRequest,
        Status,
    )
    from mlci.core.leak_rule import LeakRule
    from mlci.core.leaks import LeakEvidence
    from mlci.core.lock import Dependency
    from mlci.core.metric_function import Measured, MeasuredRows, MetricFunction
    from mlci.core.package import Package
    from mlci.core.prediction import Prediction
    from mlci.core.predictions import Predictions
    from mlci.core.profile import Profile
    from mlci.core.proof import Proof
    from mlci.core.registry import Change, LoadedRegistry, Trail
    from mlci.core.runs import KeptModel, KeptRun, RunDetails, RunRecord
    from mlci.core.signature import Output
    from mlci.core.stored import Stored
    from mlci.core.submission import Submission
    from mlci.core.table import Column, Table
    from mlci.core.target import Placed
    from mlci.core.training import Completed
    from mlci.formats.confinement import Confinement
    from mlci.formats.description import ModelDescription


class Tree(Protocol):
    """The files below the folder of mlci.yaml, in a commit or on disk; paths are relative to that folder."""

    @property
    def label(self) -> str:
        """How the tree is called in a report."""

    def ids(self) -> Mapping[str, str]:
        """Return the Git id of every file."""

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, `None` where there is none; a symlink is an `IntegrityError`."""

    def materialise(self, path: str, folder: Path) -> Path:
        """Return a file with this content, written to `folder` if it is not on disk by itself."""


class Repository(Protocol):
    """The Git repository that a model lives in."""

    @property
    def folder(self) -> Path:
        """Where mlci.yaml lies."""

    def head(self) -> str:
        """Return the id of the commit that HEAD is at."""

    def branch(self) -> str | None:
        """Return the branch that HEAD is on; `None` when it is detached."""

    def resolve(self, revision: str) -> str:
        """Return the commit id of what a user calls a commit."""

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return the parents of a commit, which a shallow clone may not have."""

    def has_commit(self, commit: str) -> bool:
        """Say whether this clone has the commit."""

    def subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Say whether `commit` is `of` or one of its ancestors."""

    def dirty_paths(self) -> tuple[str, ...]:
        """Return the files that differ from HEAD, new ones too."""

    def untracked_paths(self) -> tuple[str, ...]:
        """Return the files that Git neither tracks nor ignores."""

    def identity(self) -> str:
        """Return who commits here, "Name <address>"."""

    def default_branch(self) -> str:
        """Ask the origin for its default branch."""

    def fetch(self, branch: str | None = None) -> Fetched:
        """Bring the tip of a branch and all registries from the origin."""

    def tree(self, commit: str) -> Tree:
        """Return the files of a commit."""

    def work_tree(self) -> Tree:
        """Return the files as they are on disk now."""


class RegistryBranch(Protocol):
    """The registries of the origin: read as they were fetched, changed by one atomic push."""

    def load(self, model: str) -> LoadedRegistry:
        """Return the registry of a model and the commit that it was read from.

        That it lacks what was seen of it here before is an `IntegrityError`.
        """

    def refreshed(self, model: str) -> LoadedRegistry:
        """Return the registry of a model as the origin has it now."""

    def models(self) -> tuple[str, ...]:
        """Return the names of the models that have a registry."""

    def load_at(self, model: str, commit: str) -> LoadedRegistry:
        """Return the registry as a commit of its branch holds it."""

    def evaluation(self, model: str, digest: str) -> bytes | None:
        """Return the evaluation with this sha256 as it was fetched last, `None` where the branch has none."""

    def trail(self, model: str) -> Trail:
        """Return the commits of the branch and the model's tags as they are now; `load` then gives that state."""

    def version_tags(self) -> frozenset[tuple[str, str]]:
        """Return model and number of every version that a tag at the origin names now, whatever the branches hold."""

    def push(self, model: str, change: Change, parent: str | None) -> str:
        """Write a change on top of `parent` or not at all; return the new commit."""


class RunsBranch(Protocol):
    """The records of runs that the origin holds: read as they were fetched, added one at a time."""

    def runs(self) -> tuple[KeptRun, ...]:
        """Return every run on the branch, by name."""

    def add(self, run: KeptRun, who: str, when: datetime) -> bool:
        """Add the record of a run, and say whether it was not there yet."""


class Signing(Protocol):
    """Signatures of what is written to a registry."""

    @property
    def can_sign(self) -> bool:
        """Whether there is a key."""

    def sign(self, content: bytes) -> bytes:
        """Return a signature; that there is no key is an error."""

    def signer(self, content: bytes, signature: bytes, signers: bytes, at: datetime) -> str:
        """Return who of the allowed signers signed this; a `ValueError` says why nobody of them did."""


class Store(Protocol):
    """Where package archives lie, by their sha256."""

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive and return its location."""

    def fetch(self, sha256: str) -> Path:
        """Return a file with the archive, verified just now."""

    def has(self, sha256: str) -> bool:
        """Say whether an archive of this name is there."""


class Collectable(Store, Protocol):
    """A store that can say what lies in it, and give up what nobody needs."""

    def stored(self) -> tuple[Stored, ...]:
        """Return every archive with its size and its age, by the store's own clock."""

    def unfinished(self, older_than: timedelta, *, removes: bool) -> int:
        """Return how many halves of killed uploads are older than that, and remove them if told to."""

    def remove(self, sha256: str, older_than: timedelta) -> bool:
        """Remove an archive if it is still older than that, and say whether it is gone."""


class Target(Protocol):
    """Where a version is deployed to."""

    @property
    def location(self) -> str:
        """Where the deployed model is to be found."""

    def stage(self, version: str, digest: str, files: Mapping[str, bytes]) -> Path:
        """Put the files of a version beside the present one; nothing switches."""

    def switch(self, staged: Path) -> None:
        """Make what was staged the present one, in one step."""

    def current(self) -> Placed | None:
        """Return what serves; None where nothing was deployed, or not by us."""


class Forge(Protocol):
    """The host of pull requests."""

    @property
    def default_branch(self) -> str:
        """The branch that pull requests go to unless they say otherwise."""

    @property
    def is_public(self) -> bool:
        """Whether everybody can read what is published here."""

    def find_pull_request(self, head: Head, base: str | None = None) -> PullRequest | NoPullRequest:
        """Return the open pull request (into `base`, if given) whose head is exactly this, or why there is none."""

    def pull_request(self, branch: str | None, commit: str) -> PullRequest:
        """Return the pull request of a branch of this repository at a commit; that there is none is an error."""

    def comment(self, pull_request: PullRequest, marker: str, body: str) -> str:
        """Write the one comment that the marker names, or replace it; return where it is."""

    def set_status(self, commit: str, status: Status) -> None:
        """Say what a check found about a commit."""

    def prove(self, commit: str, proof: Proof) -> None:
        """Keep which model was judged for a commit; what was proven of the same inputs before no longer counts."""

    def proof(self, commit: str, fingerprint: str) -> Proof | None:
        """Return what was proven of these inputs in a pull request of our own that was merged as this commit."""

    def approvals(self, commit: str) -> tuple[str, ...]:
        """Return the logins of those who approved, as it was merged, the pull request that became this commit."""

    def deployment(self, environment: str, commit: str, description: str = "") -> Deployment:
        """Begin to bring a commit into an environment."""

    def set_deployment_status(self, deployment: Deployment, status: DeploymentStatus) -> None:
        """Say how far a deployment is."""

    def unfinished_deployment(self, environment: str) -> Deployment | None:
        """Return the newest deployment of an environment, if it is ours and nobody said how it ended."""

    def artifact(self, run_id: int, name: str, limit_bytes: int = ...) -> bytes:
        """Return the zip archive that a run submitted under a name; it is hostile input, only its size is checked."""

    def permission(self, actor: str) -> Permission:
        """Return what somebody may do in this repository."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Return the time now in UTC."""


class Data(Protocol):
    """Data sets: brought by their hash, checked against constraints, and read as tables."""

    def held(self, wanted: Wanted) -> Path | None:
        """Return a file with these bytes that is here already, to be verified when it is read; None where none is."""

    def fetch(self, wanted: Wanted) -> Path:
        """Return a file with these bytes, after bringing it if it is not here."""

    def columns(self, files: DataFiles) -> tuple[str, ...]:
        """Return the names of the columns."""

    def validate(
        self,
        dataset: str,
        files: DataFiles,
        constraints: Sequence[Constraint],
        *,
        base: DataFiles | None = None,
        key: str | None = None,
        others: Mapping[str, DataFiles] = ...,
        profiled: bool = False,
    ) -> DatasetReport:
        """Return what is wrong with a data set; the data set as it was at base helps to name a cause."""

    def leaks(self, rule: LeakRule, sets: Mapping[str, DataFiles], columns: Mapping[str, ColumnSpec]) -> LeakEvidence:
        """Return what data sets know of each other that they should not, and what gives their label away."""

    def profile(self, dataset: str, files: DataFiles, columns: Sequence[ColumnSpec]) -> Profile:
        """Return what a data set holds; columns that are not listed are read as what all their values are."""

    def read_table(self, files: DataFiles, columns: Sequence[ColumnSpec]) -> Table:
        """Return columns of a data set in the order of its rows."""

    def in_batches(self, files: DataFiles) -> AbstractContextManager[Batches]:
        """Open a data set to read it in batches."""

    def matching(self, files: DataFiles, check: Check, columns: Sequence[ColumnSpec]) -> NDArray[np.bool_]:
        """Return which rows a check is true for, in their order; `columns` are those that it reads."""


class Batches(Protocol):
    """An open data set that is read in batches."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    @property
    def sha256(self) -> str:
        """The sha256 of the bytes."""

    def batches(self, columns: Sequence[ColumnSpec], size: int, skipped: int = 0) -> Iterator[Table]:
        """Yield columns of the rows after the first SKIPPED, SIZE at a time, the last part shorter."""


class AnswerFile(Protocol):
    """A file that answers are written to, part by part; it appears whole, and parts outlive a kill."""

    def begin(self, made_from: str) -> int:
        """Return how many parts are here already of the answers that are MADE FROM the same."""

    def add(self, part: int, answers: AnswerColumns, first: int) -> None:
        """Keep the part with this number, whose rows begin with FIRST."""

    def finish(self, outputs: Sequence[Output]) -> None:
        """Let the file appear, with columns for these outputs."""


class Predictor(Protocol):
    """Models that nobody vouches for, asked in confined children."""

    @property
    def confinement(self) -> Confinement:
        """What the children run under."""

    def requirements(self, format: str) -> Mapping[str, str]:  # noqa: A002 - the field's own word
        """Return the exact versions of what the children predict with in this format, by distribution."""

    def dependencies(self, format: str) -> Mapping[str, Dependency]:  # noqa: A002 - the field's own word
        """Return what the children predict with in this format, and all that it requires, by distribution."""

    def convert(self, pickled: bytes) -> tuple[bytes, ModelDescription]:
        """Return a pickled model in a format that is none, and what it says; for the job that trains alone."""

    def convert_to_onnx(self, model_file: bytes, columns: Mapping[str, Column]) -> bytes:
        """Return a skops model in ONNX, for columns called and typed as these; for the job that trains alone."""

    def predict_pickled(self, pickled: bytes, columns: Mapping[str, Column]) -> Prediction:
        """Return what a pickled model answers; for the job that trains alone."""

    def describe(self, model_file: bytes, format: str) -> ModelDescription:  # noqa: A002 - the field's own word
        """Return what a model says about itself."""

    @property
    def starts_programs(self) -> bool:
        """Whether programs of packages are started here: never beside a token."""

    def run_program(self, content: bytes, columns: Mapping[str, Column]) -> Predictions:
        """Return what the program of a package answers to these columns, by the number of the row."""

    def predict(
        self,
        package_digest: str,
        model_file: bytes,
        format: str,  # noqa: A002 - the field's own word
        columns: Mapping[str, Column],
    ) -> Prediction:
        """Return a model's answers for these columns, row by row."""

    def measure(self, functions: Sequence[MetricFunction], rows: MeasuredRows) -> Mapping[str, Measured]:
        """Return what functions of the target branch come to on what models answered, by their names."""


class Runner(Protocol):
    """Runs a training command."""

    def now(self) -> datetime:
        """Return the time by the clock that runs are dated with."""

    @property
    def search_path(self) -> str:
        """Where commands look for programs."""

    def run(
        self,
        command: str,
        *,
        folder: Path,
        log: Path,
        variables: Mapping[str, str],
        passed: tuple[str, ...],
        timeout: timedelta,
        secrets: tuple[str, ...] = (),
    ) -> Completed:
        """Run a command line, with every process that it starts ended when it returns; no secret is in its output."""


class Workbench(Protocol):
    """`.mlci/`: runs, the candidate, reports, caches."""

    @property
    def objects(self) -> Path:
        """Where files of a commit are laid out."""

    def log_of(self, fingerprint: str, seed: int = 0) -> Path:
        """Return where the output of a run is kept."""

    def trained(self, fingerprint: str) -> tuple[KeptModel, bytes] | None:
        """Return what a run made and what is known of it, None if none did."""

    def keep_trained(self, kept: KeptModel, model: bytes) -> None:
        """Keep what a run made."""

    def keep_run(self, record: RunRecord, details: RunDetails) -> str:
        """Keep the record of a run, and return its name."""

    def runs(self) -> Iterator[KeptRun]:
        """Yield every run that is kept, in no order."""

    def run(self, name: str) -> KeptRun | None:
        """Return the run of this name, None where its record is gone."""

    def details(self, run: KeptRun) -> RunDetails | None:
        """Return what is too long for the record of a run, None where it is gone."""

    def submission(self) -> Submission | None:
        """Return what was submitted for judging, `None` where nothing was."""

    def submit(self, submission: Submission, package: Package) -> None:
        """Keep what is submitted for judging, and lay out its package where people can look at it."""

    def alone(self) -> AbstractContextManager[None]:
        """Train alone in this folder while the block lasts; somebody else's training is a `UsageError`."""

    def environment(self, sha256: str) -> AbstractContextManager[tuple[Path, bool]]:
        """Yield where an environment lies and whether it is whole, to nobody else meanwhile; it is whole after that."""

    def write(self, name: str, data: bytes) -> Path:
        """Write a file, whole or not at all."""

    def read(self, name: str) -> bytes | None:
        """Return a file that was written, None where it is missing."""
