"""A project in memory: a repository with a model, and what stands around it, as commands see it.

The rows are 200 cells: malignant are those with a radius of 20, benign those with 10; `texture` is a digit from 0 to 9
that says nothing. A model decides by the radius and is wrong for some digits, each of which is a tenth of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.commands.case import Tools
from mlci.commands.check import check
from mlci.commands.deploy import deploy
from mlci.commands.promote import promote
from mlci.commands.report import problems_published, report
from mlci.commands.rollback import rollback
from mlci.commands.signatures import refuse_unvouched
from mlci.commands.train import train
from mlci.core.registry import Actor
from mlci.errors import MlciError
from mlci.testing import (
    FakeRegistryBranch,
    FakeRepository,
    FixedClock,
    MemoryData,
    MemoryForge,
    MemorySigning,
    MemoryStore,
    MemoryTarget,
    MemoryWorkbench,
    ScriptedModel,
    ScriptedPredictor,
    ScriptedRunner,
    model_file,
)
from mlci.testing.runner import Script

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from mlci.commands.deploy import Deployed
    from mlci.commands.promote import Promotion
    from mlci.commands.rollback import Rollback
    from mlci.commands.signatures import Demand
    from mlci.commands.train import Trained
    from mlci.core.registry import Registry, Version
    from mlci.core.release_sections import PromoteSection
    from mlci.core.report import Report
    from mlci.testing.predictor import Columns

ANA = Actor("Ana Müller <ana@example.com>")
COMMAND = "python train.py"
MODEL, STAGE = "tumour", "production"
GATES = (
    "{metric: accuracy, require: not_worse, margin: 0.05}",
    "{metric: recall, require: floor, value: 0.50}",
)
CONTRACT = """\
columns:
  id: {type: integer, unique: true}
  radius: {type: number, min: 0, max: 30, unit: micrometre}
  texture: {type: integer}
  malignant: {type: integer, enum: [0, 1]}
"""


def a_configuration(*gates: str, extra: str = "", **changes: str) -> str:
    """Return `mlci.yaml` with these gates, lines at its end, and sections (by name) written otherwise."""
    sections = {
        "model": '{name: tumour, task: binary, owners: ["@acme/diagnostics"]}',
        "data": "{cells: {path: data/cells.csv, contract: cells.yaml}, "
        "holdout: {path: data/holdout.csv, contract: cells.yaml}}",
        "train": f"{{run: {COMMAND}, data: [cells], params: params.yaml, model: model.skops}}",
        "evaluate": "{data: holdout, id: id, label: malignant, positive: 1}",
        "promote": "{store: {directory: ../models}}",
    } | changes
    lines = [f"{name}: {value}" for name, value in sections.items()]
    return "\n".join(["version: 1", *lines, f"gates: [{', '.join(gates or GATES)}]", extra]) + "\n"


def some_rows(count: int = 200, edits: Mapping[int, str] | None = None) -> bytes:
    """Return cells as CSV, with some rows written otherwise, as in `{7: "7,,3,1"}`."""
    rows = [f"{row},{20 if row % 2 else 10},{row // 2 % 10},{row % 2}" for row in range(count)]
    for row, text in (edits or {}).items():
        rows[row] = text
    return "\n".join(["id,radius,texture,malignant", *rows, ""]).encode()


def a_model(*wrong_at: int, features: tuple[str, ...] = ("radius", "texture")) -> ScriptedModel:
    """Return a model that is wrong where the texture is one of these digits, and certain to 0.9 everywhere."""

    def probability(columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        is_large = np.asarray(columns["radius"]) > 15
        is_wrong = np.isin(columns["texture"], wrong_at) if "texture" in columns else np.zeros_like(is_large)
        return np.where(is_large != is_wrong, 0.9, 0.1)

    return ScriptedModel(features, probability)


MODELS = {
    "present": a_model(0),
    "careful": a_model(),
    "careless": a_model(0, 1, 2, 3),
    "tied": a_model(1),
    "narrow": a_model(features=("radius",)),
}
"""`tied` is as good as `present` and wrong about other rows, so that 200 rows say neither way."""


@dataclass
class Project:
    """A repository and everything around it; each verb is played on it as the command line would."""

    place: Path
    repository: FakeRepository
    runner: ScriptedRunner
    predictor: ScriptedPredictor
    data: MemoryData
    registry: FakeRegistryBranch
    stores: dict[str, MemoryStore]
    target: MemoryTarget
    forge: MemoryForge
    work: MemoryWorkbench
    clock: FixedClock
    signing: MemorySigning = field(default_factory=MemorySigning)
    demand: Demand | None = None
    """Whose signatures verbs other than `promote`, which reads it itself, ask for."""

    @property
    def store(self) -> MemoryStore:
        """The store that the configuration names as it is written here."""
        return self.stores["../models"]

    @property
    def tools(self) -> Tools:
        return Tools(
            self.registry, self.open_store, self.data, self.predictor, self.work, signing=self.signing
        )  # fmt: skip

    def vouching(self, registry: Registry, numbers: Collection[str], stage: str | None) -> None:
        refuse_unvouched(registry, numbers, stage, self.demand, self.signing)

    @property
    def history(self) -> Registry:
        """The registry as it is now."""
        return self.registry.load(MODEL).registry

    @property
    def production(self) -> Version:
        """The version in production; there must be one."""
        found = self.history.version_at(STAGE)
        assert found is not None
        return found

    def open_store(self, section: PromoteSection) -> MemoryStore:
        return self.stores.setdefault(str(section.store.directory), MemoryStore(self.place))

    def outside(self) -> tuple[object, ...]:
        """Return all that a refused command must leave as it was."""
        archives = {directory: dict(store.archives) for directory, store in self.stores.items()}
        origin = self.registry.origin
        return dict(origin.tips), dict(origin.tags), archives, dict(self.target.staged), self.target.current()

    def write(self, **files: str | bytes) -> None:
        """Write files of the work tree; in a keyword `__` stands for `/`, and `_yaml`, `_csv`, `_py` for a suffix."""
        for name, content in files.items():
            stem, _, suffix = name.replace("__", "/").rpartition("_")
            self.repository.write(f"{stem}.{suffix}", content.encode() if isinstance(content, str) else content)

    def trains(self, model: str) -> None:
        """Let the training code make another model."""
        self.write(train_py=f"# makes the {model} one\n")
        self.makes(model)

    def makes(self, model: str) -> None:
        """Let the training code, as it is, make a model: other data may have that effect."""
        self.runner.scripts[COMMAND] = Script({"model.skops": model_file(model)}, prints=("fitted",), seconds=0.25)

    def land(self, message: str = "change") -> str:
        """Commit the work tree and push it."""
        commit = self.repository.commit(message)
        self.repository.push()
        return commit

    @property
    def base(self) -> str:
        return self.repository.fetch().base_commit

    def train(self, *, force: bool = False) -> Trained:
        return train(
            repository=self.repository, runner=self.runner, predictor=self.predictor, data=self.data,
            work=self.work, force=force,
        )  # fmt: skip

    def check(self, *, force: bool = False) -> Report:
        return check(self.base, repository=self.repository, runner=self.runner, tools=self.tools, force=force)

    def report(self, run: int | None = None) -> tuple[Report, str]:
        """Judge what was submitted (by a run) for HEAD, as for a pull request of its branch."""
        head = self.repository.head()
        pull_request = self.forge.pull_request(self.repository.branch(), head)
        with problems_published(pull_request, self.forge):
            return report(
                self.base, head, pull_request, self.work.submission(),
                repository=self.repository, forge=self.forge, tools=self.tools, run=run,
            )  # fmt: skip

    def promote(self, *, reason: str | None = None, base: str | None = None, stage: str | None = None) -> Promotion:
        return promote(
            self.base, base, reason=reason, actor=ANA, stage=stage,
            repository=self.repository, forge=self.forge, tools=self.tools, clock=self.clock,
        )  # fmt: skip

    def rollback(
        self, to_version: str | None = None, reason: str = "misses cells", *, expect: str | None = None
    ) -> Rollback:
        return rollback(
            MODEL, STAGE, to_version=to_version, reason=reason, actor=ANA, registry=self.registry, clock=self.clock,
            expect=expect, vouching=self.vouching,
        )  # fmt: skip

    def deploy(self, refuse_unsigned: Callable[[], None] = lambda: None, *, records: bool = True) -> Deployed:
        return deploy(
            "live", MODEL, STAGE,
            registry=self.registry, store=self.store, target=self.target, predictor=self.predictor, forge=self.forge,
            actor=ANA, clock=self.clock, refuse_unsigned=refuse_unsigned, vouching=self.vouching, records=records,
        )  # fmt: skip

    def release(self, model: str) -> Promotion:
        """Land code that makes MODEL, train, promote."""
        self.trains(model)
        self.land(f"Train the {model} one")
        self.train()
        return self.promote()


def a_project(place: Path, *gates: str, extra: str = "", trains: str = "present", **changes: str) -> Project:
    """Return a project whose main has a configuration, data and training code; nothing was trained yet."""
    files = {
        "mlci.yaml": a_configuration(*gates, extra=extra, **changes).encode(),
        "cells.yaml": CONTRACT.encode(),
        "data/cells.csv": some_rows(100),
        "data/holdout.csv": some_rows(),
        "params.yaml": b"C: 1\n",
        "train.py": f"# makes the {trains} one\n".encode(),
        "README.md": b"# Tumours\n",
    }
    folder, store = place / "tumour", place / "models"
    for each in (folder, store):
        each.mkdir()
    project = Project(
        place=place,
        repository=FakeRepository(folder, files),
        runner=ScriptedRunner(),
        predictor=ScriptedPredictor(MODELS),
        data=MemoryData(),
        registry=FakeRegistryBranch(),
        stores={"../models": MemoryStore(store)},
        target=MemoryTarget(),
        forge=MemoryForge(),
        work=MemoryWorkbench(folder),
        clock=FixedClock(),
    )
    project.makes(trains)
    project.repository.push()
    return project


def a_released_project(place: Path, *gates: str, extra: str = "", **changes: str) -> Project:
    """Return a project whose model `present` is in production as v1.0.0."""
    project = a_project(place, *gates, extra=extra, **changes)
    project.train()
    project.promote()
    project.runner.runs.clear()
    project.predictor.asked.clear()
    return project


def a_pull_request(
    place: Path,
    *,
    trains: str | None = None,
    loosens: tuple[str, ...] = (),
    gates: tuple[str, ...] = (),
    extra: str = "",
) -> Project:
    """Return a released project on a branch that trains another model, and asks for other gates."""
    project = a_released_project(place, *gates, extra=extra)
    project.repository.switch("change")
    if trains:
        project.trains(trains)
    if loosens:
        project.write(mlci_yaml=a_configuration(*loosens, extra=extra))
    project.repository.commit("A change")
    return project


def with_classes(model: ScriptedModel, *classes: int | str) -> ScriptedModel:
    """Return a model that answers with two other classes."""
    first, second = classes
    return replace(model, classes=(first, second))


def refused(project: Project, verb: str = "check") -> MlciError:
    """Return why a verb of the project is refused."""
    with pytest.raises(MlciError) as caught:
        getattr(project, verb)()
    return caught.value
