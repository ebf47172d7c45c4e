"""Fakes for mlci's ports, for its own tests and those of its users; each passes the real adapter's contract tests."""

from __future__ import annotations

from mlci.testing.clock import FixedClock
from mlci.testing.data import MemoryData
from mlci.testing.forge import MemoryForge
from mlci.testing.predictor import Question, ScriptedModel, ScriptedPredictor, model_file
from mlci.testing.registry_branch import FakeOrigin, FakeRegistryBranch
from mlci.testing.repository import FakeRepository
from mlci.testing.runner import Run, Script, ScriptedRunner
from mlci.testing.runs_branch import FakeRunsBranch
from mlci.testing.signing import MemorySigning
from mlci.testing.store import MemoryStore
from mlci.testing.target import MemoryTarget
from mlci.testing.tree import MemoryTree
from mlci.testing.workbench import MemoryWorkbench

__all__ = [
    "FakeOrigin",
    "FakeRegistryBranch",
    "FakeRepository",
    "FakeRunsBranch",
    "FixedClock",
    "MemoryData",
    "MemoryForge",
    "MemorySigning",
    "MemoryStore",
    "MemoryTarget",
    "MemoryTree",
    "MemoryWorkbench",
    "Question",
    "Run",
    "Script",
    "ScriptedModel",
    "ScriptedPredictor",
    "ScriptedRunner",
    "model_file",
]
