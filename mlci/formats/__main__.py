"""The child as a program: `python -I -B FOLDER`, where FOLDER is this one, wherever it lies.

Nothing of mlci need be installed: the folder registers itself as a package under a name of its own, so that relative
imports work, and takes itself off the path, so that its modules shadow nobody's.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

NAME = "mlci_formats"


def _register() -> None:
    folder = str(Path(__file__).resolve().parent)
    specification = importlib.util.spec_from_file_location(
        NAME, f"{folder}/__init__.py", submodule_search_locations=[folder]
    )
    if specification is None or specification.loader is None:
        raise ImportError(f"cannot import {folder}")
    package = importlib.util.module_from_spec(specification)
    sys.modules[NAME] = package
    specification.loader.exec_module(package)
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() != Path(folder)]


if __name__ == "__main__":
    _register()
    sys.exit(importlib.import_module(f"{NAME}.{'program' if sys.argv[1:] else 'child'}").main())
