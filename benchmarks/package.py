"""How long the package of a forest of 200 trees takes to write, beside `skops.io.dump` of the same model.

CPU seconds of this process, the least of several runs in turns, from the estimator to files on disk; both without
compression.
Exits with 1 when the promise is broken.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import skops.io
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

from mlci.adapters.files import write_folder
from mlci.core.config import read_config
from mlci.core.fitted_signature import build_signature
from mlci.core.package import build_package
from mlci.formats.archive import digest, pack
from mlci.formats.model_file import read_model

if TYPE_CHECKING:
    from collections.abc import Callable

TREES = 200
RUNS = 9
PROMISED = 1.5
CONFIGURATION = b"""\
version: 1
model: {name: forest, task: binary}
data: {rows: {path: rows.csv}}
train: {run: python train.py, data: [rows], model: model.skops}
evaluate: {data: rows, id: id, label: label, positive: 1}
gates: []
promote: {store: {directory: ../models}}
"""


def main() -> int:
    """Measure both, print them, and return the exit code."""
    features, labels = make_classification(5000, 20, random_state=0)
    forest = RandomForestClassifier(TREES, random_state=0).fit(features, labels)
    config = read_config(CONFIGURATION)
    signature = build_signature([f"c{place}" for place in range(20)], 20, (0, 1), config, None)

    def dumped(folder: Path) -> None:
        skops.io.dump(forest, folder / "model.skops")

    def packaged(folder: Path) -> None:
        file = read_model(skops.io.dumps(forest))
        package = build_package(file.content, "RandomForestClassifier", signature, {}, config)
        digest(pack(package.files))
        write_folder(folder / "package", package.files)

    alone, whole = least(dumped, packaged)
    ratio = whole / alone
    print(f"skops.io.dump, {TREES} trees: {alone:.3f} CPU s")
    print(f"package, written and hashed: {whole:.3f} CPU s, {ratio:.2f} × (promised: {PROMISED} ×)")
    return int(ratio > PROMISED)


def least(*actions: Callable[[Path], None]) -> list[float]:
    """Return the least CPU seconds that each of ACTIONS took in a fresh folder; they take turns."""
    seconds: list[list[float]] = [[] for _ in actions]
    for _ in range(RUNS):
        for taken, action in zip(seconds, actions, strict=True):
            with tempfile.TemporaryDirectory() as folder:
                before = time.process_time()
                action(Path(folder))
                taken.append(time.process_time() - before)
    return [min(taken) for taken in seconds]


if __name__ == "__main__":
    sys.exit(main())
