"""What three linters say about our workflows and actions, and about those that `mlci init --github` writes.

`python -m tests.actions.lint_workflows` is a line of `make lint`. Ignored are: in `.github/actionlint.yaml` and in
comments `# zizmor: ignore[…]` of the files themselves, each with its reason.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from mlci.render.workflow_callers import callers

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
ACTIONLINT = ROOT / ".bootstrap" / "bin" / "actionlint"
CONFIGURATION = ROOT / ".github" / "actionlint.yaml"
ZIZMOR = ("--offline", "--persona=pedantic", "--strict-collection", "--no-progress", "--quiet", "--color=never")

# The commit stands for any: what is linted is the text around it.
REFERENCE = "1f" * 20


def lint(folder: Path) -> str:
    """Return what the linters find in `.github/workflows` and `actions` of FOLDER; empty: nothing."""
    workflows = sorted(str(path) for path in (folder / ".github" / "workflows").glob("*.yml"))
    actions = sorted(str(path) for path in (folder / "actions").glob("*/action.yml"))
    commands = [
        # Without shellcheck and pyflakes, which one machine has and another has not.
        [str(ACTIONLINT), "-no-color", "-shellcheck=", "-pyflakes=", "-config-file", str(CONFIGURATION), *workflows],
        [str(PROGRAMS / "zizmor"), *ZIZMOR, "--", *workflows, *actions],
        [str(PROGRAMS / "check-jsonschema"), "--quiet", "--builtin-schema", "vendor.github-workflows", *workflows],
    ]
    if actions:
        schema = ["--builtin-schema", "vendor.github-actions"]
        commands.append([str(PROGRAMS / "check-jsonschema"), "--quiet", *schema, *actions])
    return "".join(_complaints(command, folder) for command in commands)


def write_generated(folder: Path) -> Path:
    """Write the callers, with every input, to FOLDER and return it."""
    texts = callers("mlci/mlci", REFERENCE, version="v1.2.3", install="pip install -r requirements.txt", deploy="live")
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def main() -> int:
    """Lint both; return 1 if anything was found."""
    with tempfile.TemporaryDirectory() as place:
        found = lint(ROOT) + lint(write_generated(Path(place)))
    sys.stdout.write(found or "workflows and actions: nothing found\n")
    return 1 if found else 0


def _complaints(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"{command[0]} is not there; it needs Go: make tools\n"
    if done.returncode == 0:
        return ""
    return f"{Path(command[0]).name}:\n{done.stdout}{done.stderr}\n"


if __name__ == "__main__":
    sys.exit(main())
