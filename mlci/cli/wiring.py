"""Adapters for commands: the one place where the outside is put together."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.adapters.clock import SystemClock
from mlci.adapters.git import GitRepository
from mlci.adapters.git_process import Git, Login
from mlci.adapters.registry_branch import GitRegistry
from mlci.cli.asking import asking_predictor
from mlci.cli.audience import event, is_private
from mlci.cli.output import tell
from mlci.cli.releases import TOKEN
from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line, printable
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from contextlib import AbstractContextManager

    from mlci.adapters.directory_target import DirectoryTarget
    from mlci.adapters.duckdb import DuckdbData
    from mlci.adapters.outside import Content, Outside
    from mlci.adapters.prediction import ChildPredictor
    from mlci.adapters.runs_branch import GitRuns
    from mlci.adapters.ssh_signing import SshSigning
    from mlci.adapters.training_process import TrainingProcess
    from mlci.adapters.work_folder import WorkFolder
    from mlci.commands.case import Tools
    from mlci.commands.ports import Collectable, Forge, Store
    from mlci.commands.signatures import Demand, Vouching
    from mlci.core.config import Config
    from mlci.core.data_files import Wanted
    from mlci.core.github_event import GithubEnvironment
    from mlci.core.registry import Registry
    from mlci.core.release_sections import DeploySection, PromoteSection

SIGNING_KEY = "MLCI_SIGNING_KEY"


@dataclass(frozen=True)
class Workplace:
    """The repository that a verb works in, and what stands around it."""

    repository: GitRepository
    clock: SystemClock
    github: GithubEnvironment | None
    """The job that this is, None on a laptop."""
    is_private: bool
    """Whether only those who may see the data can read what is published here."""
    signing_key: Path | str | None = field(repr=False)
    """Where the key lies that signs what is written to the registry, or the key itself."""

    @classmethod
    def here(cls) -> Workplace:
        """Return the workplace of the current folder, which must hold `mlci.yaml` or be about to."""
        folder = Path.cwd()
        github = _github(os.environ)
        login = Login(github.server_url, github.token) if github and github.token else None
        # What mlci starts has no use for the token; Git gets it for its host alone, and only where it talks to it.
        environ = {name: value for name, value in os.environ.items() if name not in {TOKEN, SIGNING_KEY}}
        repository = GitRepository.open(folder, Git(environ, login=login))
        return cls(repository, SystemClock(environ), github, is_private(os.environ), _key(os.environ))

    @property
    def work(self) -> WorkFolder:
        """`.mlci/`, which a verb of the registry has no use for."""
        from mlci.adapters.work_folder import WorkFolder

        return WorkFolder(self.repository.folder)

    def base_commit(self, branch: str | None, *, fetches: bool = True) -> str:
        """Return the tip of the branch that sets the rules, after bringing it and the registries.

        The branch is BRANCH, else what the host says, else the origin's default. An earlier `mlci fetch` serves where
        this call must not fetch.
        """
        branch = branch or (self._branch_of_event() if self.github else None)
        if fetches:
            return self.repository.fetch(branch).base_commit
        if branch is None:
            problem = "--no-fetch needs a branch on a laptop"
            raise UsageError("base-unknown", problem, hint="mlci check --base main --no-fetch")
        return self.repository.fetched(branch)

    def target_commit(self) -> str:
        """Return the tip of the branch that models are promoted from, after bringing it and the registries.

        It is the origin's default branch, whatever branch was pushed: a job on another one must promote nothing.
        """
        return self.repository.fetch().base_commit

    def base_commit_if_any(self, branch: str | None) -> str | None:
        """Return the tip of the branch that sets the rules, None where there is no origin or it has no such branch."""
        try:
            return self.base_commit(branch)
        except UsageError as error:
            if branch is not None or error.code not in {"no-origin", "no-base-branch", "no-default-branch"}:
                raise
            return None

    def _branch_of_event(self) -> str | None:
        if self.github is None:
            return None
        pushed = self.github.ref.removeprefix("refs/heads/") if self.github.ref.startswith("refs/heads/") else None
        return self.github.base_branch or pushed

    def config(self) -> Config:
        """Return the configuration in the work tree."""
        from mlci.commands.sides import head_config

        return head_config(self.repository.work_tree())

    def model_name(self) -> str:
        """Return the name of the model that the work tree is about, without the rest of its configuration."""
        from mlci.commands.model_name import head_model_name

        return head_model_name(self.repository.work_tree())

    def registry(self) -> GitRegistry:
        """Return the registry as the last fetch brought it; what is written to it is signed where there is a key."""
        signing = self.signing()
        return GitRegistry(self.repository, signing.sign if signing.can_sign else None)

    def shared_runs(self) -> GitRuns:
        """Return the records of runs as the last fetch brought them."""
        from mlci.adapters.runs_branch import GitRuns

        return GitRuns(self.repository, self.work)

    def writing_registry(self, base: str) -> GitRegistry:
        """Return the registry to write to by the rules of the commit BASE, which may demand signatures."""
        self.refuse_unsigned(base)
        return self.registry()

    def refuse_unsigned(self, base: str) -> None:
        """Raise where the rules of the commit BASE demand signatures, and nobody here can sign."""
        from mlci.commands.signatures import refuse_unsigned

        refuse_unsigned(self.demand(base), self.signing(), self.clock.now())

    def vouching(self, base: str) -> Vouching:
        """Return what refuses an answer that rests on events without the signatures that the commit BASE demands."""
        from mlci.commands.signatures import refuse_unvouched

        def refuse(registry: Registry, numbers: Collection[str], stage: str | None) -> None:
            refuse_unvouched(registry, numbers, stage, self.demand(base), self.signing())

        return refuse

    def demand(self, base: str) -> Demand | None:
        """Return whose signatures the rules of the commit BASE demand."""
        from mlci.commands.sides import read_side
        from mlci.commands.signatures import demanded

        tree = self.repository.tree(base)
        side = read_side(tree)
        return demanded(side.config.promote.sign, tree) if side else None

    def signing(self) -> SshSigning:
        """Return what signs and verifies."""
        from mlci.adapters.ssh_signing import SshSigning

        return SshSigning(self.signing_key, os.environ)

    def version_in_stage(self) -> str | None:
        """Return the version in the stage that the configuration promotes to, None where there is none yet."""
        config = self.config()
        version = self.registry().load(config.model.name).registry.version_at(config.promote.stage)
        return version.number if version else None

    def open_store(self, section: PromoteSection) -> Store:
        """Return the store that a configuration names, with its mirror."""
        from mlci.cli.stores import Surroundings, open_store

        return open_store(section, Surroundings(self.repository, self.work.packages, self.github))

    def open_collectable(self, section: PromoteSection) -> list[tuple[str, Collectable]]:
        """Return the places that a configuration names for packages, each by itself."""
        from mlci.cli.stores import Surroundings, open_collectable

        return open_collectable(section, Surroundings(self.repository, self.work.packages, self.github))

    def open_each(self, section: PromoteSection, empty: Path) -> list[tuple[str | None, Store]]:
        """Return the same to read from, by way of a folder that is EMPTY, so that nothing of an earlier call helps."""
        from mlci.cli.stores import Surroundings, open_each

        return open_each(section, Surroundings(self.repository, self.work.packages, self.github), empty)

    def target(self, section: DeploySection) -> DirectoryTarget:
        """Return the target that a configuration names."""
        from mlci.adapters.directory_target import DirectoryTarget

        return DirectoryTarget(self._beside(section.path), apart_from=self.repository.root)

    def forge(self) -> Forge:
        """Return the host: GitHub in a job that has a token, else the local one in `.mlci/forge`."""
        if self.github is None or self.github.token is None:
            from mlci.adapters.local_forge import LocalForge

            return LocalForge(self.work.forge)
        from mlci.adapters.github_forge import GithubForge
        from mlci.adapters.github_session import GithubSession

        session = GithubSession(self.github.token, api_url=self.github.api_url)
        return GithubForge(session, self.github.repository, login=self.github.login)

    def actor(self) -> tuple[str, bool]:
        """Return who acts, and whether a host vouches for it."""
        if self.github is None:
            return self.repository.identity(), False
        return f"{self.github.actor} <{self.github.actor}@users.noreply.github.com>", True

    def runner(self) -> TrainingProcess:
        """Return what runs a training command; its output is shown as it comes."""
        from mlci.adapters.training_process import TrainingProcess

        return TrainingProcess(os.environ, _echo, tell)

    def separate(self, commit: str) -> AbstractContextManager[tuple[GitRepository, WorkFolder]]:
        """Return a work tree of its own for a commit, while the block lasts."""
        from mlci.adapters.separate_tree import separate_tree

        return separate_tree(self.repository, self.work, commit)

    def data(self) -> DuckdbData:
        """Return what reads data, and brings what lies outside of Git."""
        from mlci.adapters.duckdb import DuckdbData

        return DuckdbData(self.clock.now, self.outside())

    def outside(self) -> Outside:
        """Return what brings data that lie outside of Git."""
        from mlci.adapters.dvc_data import DvcCache, DvcData
        from mlci.adapters.outside import Outside

        folder = self.repository.folder
        sources: dict[str, Content] = {"https": _https, "s3": _s3, "dvc": DvcData(folder, self.work.packages)}
        return Outside(self.work.data, sources, [DvcCache(folder)])

    def put(self, file: Path, path: str) -> None:
        """Copy a file into the work tree."""
        from mlci.adapters.files import copy_below

        copy_below(self.repository.folder, path, file)

    def base_commit_if_here(self, revision: str | None) -> str | None:
        """Return the commit REVISION, else what an earlier `mlci fetch` brought; None where neither is here."""
        try:
            return self.repository.resolve(revision) if revision else self.base_commit(None, fetches=False)
        except UsageError:
            return None

    def predictor(self) -> ChildPredictor:
        """Return what asks models, and keeps what they answer where nobody with a token reads it."""
        return asking_predictor(None if self.github and self.github.token else self.work.predictions)

    def tools(self) -> Tools:
        """Return what judging needs."""
        from mlci.commands.case import Tools

        return Tools(
            registry=self.registry(),
            open_store=self.open_store,
            data=self.data(),
            predictor=self.predictor(),
            work=self.work,
            token=self._kind_of_token(),
            is_separate=self.github is not None and self.github.token is not None,
            tell=tell,
            signing=self.signing(),
        )

    def _kind_of_token(self) -> str:
        if self.github is None or self.github.token is None:
            return "no token"
        from mlci.core.github_event import ACTIONS_LOGIN

        if self.github.login == ACTIONS_LOGIN:
            return "default token (a person with write access could set the status, and it would be seen)"
        return "App token"

    def _beside(self, path: str) -> Path:
        """Return PATH as `mlci.yaml` means it: relative to its own folder."""
        return (self.repository.folder / path).resolve()


def _https(wanted: Wanted) -> Iterable[bytes]:
    from mlci.adapters.https_data import https_data

    return https_data(wanted)


def _s3(wanted: Wanted) -> Iterable[bytes]:
    from mlci.adapters.s3_data import s3_data

    return s3_data(wanted)


def _github(environ: Mapping[str, str]) -> GithubEnvironment | None:
    """Return the job that this is; None on a laptop."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    from mlci.core.github_event import GithubEnvironment

    payload = event(environ)
    if payload is None:
        raise UsageError("bad-event", "the file of the event is no JSON object", where="GITHUB_EVENT_PATH")
    return GithubEnvironment.from_environ(environ, payload)


def _key(environ: Mapping[str, str]) -> Path | str | None:
    """Return the file of the key, or what a secret of a job holds: the key itself."""
    text = environ.get(SIGNING_KEY, "")
    if text.lstrip().startswith("-----BEGIN "):
        return text
    return Path(text).expanduser() if text else None


def _echo(line: str) -> None:
    """Show a line of a training command beside mlci's own words."""
    sys.stderr.write(f"  | {printable(line)}\n")


def deployment(config: Config, name: str | None) -> tuple[str, DeploySection]:
    """Return the deployment called NAME, or the only one; raises `UsageError` with those that there are."""
    if name is None and len(config.deploy) == 1:
        (name,) = config.deploy
    if name is None or name not in config.deploy:
        listed = ", ".join(config.deploy)
        otherwise = f"Listed under deploy: {listed}" if listed else "deploy: {live: {target: directory, path: ../live}}"
        raise UsageError(
            "unknown-target",
            "which deployment is meant?" if name is None else f"no deployment is called {one_line(name, 80)!r}",
            where="mlci.yaml",
            hint=did_you_mean(name or "", config.deploy, otherwise),
        )
    return name, config.deploy[name]
