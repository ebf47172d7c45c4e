"""The outside as the commands see it: one Protocol for each thing that an adapter brings in."""

from __future__ import annotations

from mlci.commands.ports.data import AnswerFile, Batches, Data
from mlci.commands.ports.forge import Forge
from mlci.commands.ports.prediction import Predictor
from mlci.commands.ports.registry import RegistryBranch, RunsBranch, Signing
from mlci.commands.ports.repository import Repository, Tree
from mlci.commands.ports.storage import Collectable, Store, Target
from mlci.commands.ports.training import Clock, Runner, Workbench

__all__ = [
    "AnswerFile",
    "Batches",
    "Clock",
    "Collectable",
    "Data",
    "Forge",
    "Predictor",
    "RegistryBranch",
    "Repository",
    "Runner",
    "RunsBranch",
    "Signing",
    "Store",
    "Target",
    "Tree",
    "Workbench",
]
