"""The acts of the demo on a GitHub: `python -m tests.act.demo`, or `make demo-github`.

The workflows run for real, by act, against a fake GitHub on this machine. Each act tells which jobs ran with which
token, and shows what people see: the comment, the status, the button.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.commands.demo import SCALED_COLUMN, scaled
from mlci.render.lines import table
from tests.act.act_run import ACT
from tests.act.lab import NAME, Lab, prepare_environment, training_python
from tests.fakegithub.ref_rules import Rule
from tests.fakegithub.server import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.act.lab import WorkflowRun
    from tests.fakegithub.state import Thread

START: Final = ("README.md", ".gitignore", "data")
"""What main has before the first act."""
EXPLANATION: Final = """\
What blocked, and by whose rule
  acts 3 and 5  the gate `recall` not worse, margin 0.02, as mlci.yaml on main has it; act 5's own 0.3 does not count
  act 4         the contract contracts/cells.yaml on main

How to undo what is in production: v2.0.0, promoted by the merge of act 2
  No workflow is needed. In a clone of the repository, by somebody who may push:
    mlci rollback --reason "the clinic reports missed cells"
  moves the stage back to v1.0.0, as one push to mlci/registry/tumour. Then, in the browser, moves the target:
    Actions, the last mlci merge, its job deploy, Re-run this job"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What an act came to."""

    act: str
    verdict: str
    status: str
    """The state of `mlci/gate` on the head commit."""
    production: str


@dataclass(slots=True)
class Stage:
    """The repository, and whoever listens."""

    lab: Lab
    say: Callable[[str], None]
    scenes: list[Scene] = field(default_factory=list)

    def open(self, branch: str, title: str, files: Mapping[str, bytes]) -> Thread:
        """Open a pull request."""
        self.say(f"\nPull request: {title} ({branch} into main)")
        return self.lab.pull_request_opened(branch, files, title=title)

    def judge(self, opened: Thread) -> str:
        """Run what a pull request starts, show what stands there afterwards, and return the verdict."""
        checked = self.lab.run_check(opened)
        report = self.lab.run_report(checked)
        if report is None:
            self._tell(("mlci check", checked))
            self.say(
                "\n  mlci report is not on main yet, so GitHub does not start it; the job's summary has the report:"
            )
            text = checked.job("check").summary
        else:
            self._tell(("mlci check", checked), ("mlci report", report))
            (comment,) = self.lab.comments(opened)
            text = comment.body
        self.say(f"\n  {self.gate(opened)}")
        self.say(f"  The button to merge is {self._button(opened)}.\n")
        self.say("\n".join(f"    {line}".rstrip() for line in text.splitlines()))
        return _verdict(text)

    def merge(self, opened: Thread) -> None:
        """Press the button, and run what the push to main starts."""
        self.say(f"\nMerged: {opened.title}")
        self._tell(("mlci merge", self.lab.run_merge(self.lab.merge(opened))))
        deployment = list(self.lab.repository.deployments.values())[-1]
        states = ", ".join(each.state for each in deployment.statuses)
        tags = ", ".join(each.removeprefix("refs/tags/") for each in self.lab.refs() if "/tags/tumour" in each)
        self.say(f"\n  The deployment to {deployment.environment} went {states}; the tags are {tags}.")

    def gate(self, opened: Thread) -> str:
        """Return the last `mlci/gate` of the head commit, in words."""
        found = [each for each in self.lab.statuses(self.lab.head(opened)) if each.context == "mlci/gate"]
        return f"mlci/gate is {found[-1].state}: {found[-1].description}" if found else "mlci/gate is not set."

    def production(self) -> str:
        """Return the version that the registry names and the target answers with; they are the same."""
        version = str(json.loads(self.lab.show("mlci/registry/tumour", "stages/production.json"))["version"])
        answers = (self.lab.place / "live" / "current").readlink().name.partition("-")[0]
        assert answers == version, f"the registry names {version}, the target answers with {answers}"
        return version

    def ended(self, act: str, verdict: str, opened: Thread) -> None:
        """Note what an act came to."""
        states = [each.state for each in self.lab.statuses(self.lab.head(opened)) if each.context == "mlci/gate"]
        self.scenes.append(Scene(act, verdict, states[-1] if states else "none yet", self.production()))

    def _button(self, opened: Thread) -> str:
        return "grey" if self.lab.fake.objections_to_merging(NAME, opened.number) else "green"

    def _tell(self, *runs: tuple[str, WorkflowRun]) -> None:
        rows = [[name, job.name, job.result, _permissions(job.used)] for name, run in runs for job in run.jobs]
        self.say("\n" + table(["workflow", "job", "result", "permissions used"], rows))


def play(stage: Stage) -> tuple[Scene, ...]:
    """Play the acts on STAGE, tell what happened, and return what each came to."""
    example = stage.lab.example()
    stage.lab.arrange({path: content for path, content in example.items() if path.split("/")[0] in START})
    stage.say(f"{NAME} on a GitHub of this machine; on main lie 284 cells to learn from, 285 to judge on.")
    acts = (_first_model, _better_model, _careless_change, _broken_data, _cheat, _tie)
    for number, act in enumerate(acts, start=1):
        title, _, sentence = (act.__doc__ or "").partition(": ")
        stage.say(f"\n━━ Act {number} of {len(acts)}: {title} ".ljust(100, "━"))
        stage.say(sentence[:1].upper() + sentence[1:])
        opened, verdict = act(stage)
        stage.ended(f"{number} {title.lower()}", verdict, opened)
    stage.say("\n" + "━" * 99)
    rows = [[each.act, each.verdict, each.status, each.production] for each in stage.scenes]
    stage.say("What happened\n" + table(["act", "verdict", "mlci/gate", "production afterwards"], rows))
    stage.say(f"\n{EXPLANATION}")
    return tuple(stage.scenes)


def _first_model(stage: Stage) -> tuple[Thread, str]:
    """A first model: four features, and the workflows that `mlci init --github` writes."""
    files = {path: text for path, text in stage.lab.example().items() if path.split("/")[0] not in START}
    opened = stage.open("first-model", "A first model with four features", files | stage.lab.workflows())
    verdict = stage.judge(opened)
    stage.merge(opened)
    stage.lab.fake.protect(NAME, Rule("refs/heads/main", required_status="mlci/gate"))
    stage.say("  From now on a ruleset of main requires the status mlci/gate.")
    return opened, verdict


def _better_model(stage: Stage) -> tuple[Thread, str]:
    """A better model: a pull request with all thirty features."""
    opened = stage.open("all-features", "Train on all features", stage.lab.act_files("all-features"))
    verdict = stage.judge(opened)
    stage.merge(opened)
    return opened, verdict


def _careless_change(stage: Stage) -> tuple[Thread, str]:
    """A careless change: malignant cells were to weigh more, and weigh less."""
    opened = stage.open("weigh-malignant", "Weigh malignant cells 30 times", stage.lab.act_files("weigh-malignant"))
    return opened, stage.judge(opened)


def _broken_data(stage: Stage) -> tuple[Thread, str]:
    """Broken data: a new scanner delivers one column in nanometre, the contract says micrometre."""
    path = "data/cells.csv"
    assert SCALED_COLUMN in stage.lab.show("main", path)
    files = {path: scaled(stage.lab.show("main", path)).encode()}
    opened = stage.open("new-scanner", "Cells from the new scanner", files)
    return opened, stage.judge(opened)


def _cheat(stage: Stage) -> tuple[Thread, str]:
    """A cheat: the careless model again, together with a wider margin for the gate that caught it."""
    margin = "require: not_worse, margin: "
    loosened = stage.lab.replaced("mlci.yaml", f"recall, {margin}0.02", f"recall, {margin}0.3")
    files = stage.lab.act_files("weigh-malignant") | loosened
    opened = stage.open("loosen-gates", "Weigh malignant cells; allow for noise", files)
    return opened, stage.judge(opened)


def _tie(stage: Stage) -> tuple[Thread, str]:
    """A tie: less regularisation finds two malignant cells more and misses two others; is that worse?"""
    opened = stage.open("less-regularisation", "Less regularisation", stage.lab.act_files("less-regularisation"))
    return opened, stage.judge(opened)


def _verdict(report: str) -> str:
    """Return the word in the heading of a report."""
    found = re.search(r"^### \S+ (?:`tumour`: )?(.+)$", report, re.MULTILINE)
    assert found is not None, report
    return found[1]


def _permissions(used: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {level}" for name, level in sorted(used.items())) or "unused"


@contextmanager
def _lab() -> Iterator[Lab]:
    """Yield a lab in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mlci-demo-github-") as name:
        place = Path(name)
        with FakeGitHub(place / "git") as fake:
            yield Lab(fake, place / "lab", training_python(place / "training"))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Play the demo on this terminal; return the exit code."""
    if not ACT.is_file():
        sys.stderr.write("act is not there: make tools (it needs Go, or a way to PyPI)\n")
        return 5
    prepare_environment()
    with _lab() as lab:
        play(Stage(lab, _say))
    return 0


if __name__ == "__main__":
    sys.exit(main())
