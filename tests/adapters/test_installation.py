from __future__ import annotations

import sys
from pathlib import Path

from mlci.adapters.installation import state_of


def test_state__is_the_same_for_the_same_interpreter() -> None:
    assert state_of(Path(sys.executable)) == state_of.__wrapped__(Path(sys.executable))


def test_state__knows_a_library_of_another_version(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    libraries = tmp_path / "lib" / "python3.11" / "site-packages"
    (libraries / "numpy-2.2.0.dist-info").mkdir(parents=True)
    before = state_of.__wrapped__(python)
    (libraries / "numpy").mkdir()
    assert state_of.__wrapped__(python) == before
    (libraries / "numpy-2.2.0.dist-info").rename(libraries / "numpy-2.2.1.dist-info")
    assert state_of.__wrapped__(python) != before
