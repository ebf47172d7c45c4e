"""`mlci demo`: seven acts of a model's life, played with the commands that a user would type."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlci.render.lines import table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACTS = 7
SCALED_COLUMN = "mean_radius"
SCALED_FROM_LINE = 202
SCALE = 1_000


class Stage(Protocol):
    """Where the demo plays: a folder with a repository in it, and a terminal."""

    @property
    def folder(self) -> Path:
        """The repository."""

    def say(self, text: str) -> None:
        """Tell what happens."""

    def type(self, command: str, *, exit_code: int = 0) -> None:
        """Show a command and run it; raises when it ends in another way than the story wants."""

    def put(self, scene: str) -> None:
        """Bring the files of a scene into the repository."""

    def edit(self, path: str, text: str) -> None:
        """Write a file of the repository."""

    def show_changes(self) -> None:
        """Show the lines that were changed since the last commit."""

    def report(self) -> Mapping[str, object]:
        """Return the last report."""

    def production(self) -> str:
        """Return the version that is in production."""

    def missing_path(self) -> str | None:
        """Return the folder that the reader must add to PATH to type `mlci`, None where nothing is missing."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What an act came to."""

    act: str
    verdict: str
    production: str


def play(stage: Stage) -> None:
    """Play the seven acts on STAGE, then tell what happened and where to look."""
    scenes: list[Scene] = []
    for number, act in enumerate(
        (_first_model, _better_model, _careless_change, _broken_data, _cheat, _tie, _rollback), start=1
    ):
        title, *_ = (act.__doc__ or "").split(":", 1)
        stage.say(f"\n━━ Act {number} of {ACTS}: {title} ".ljust(100, "━"))
        verdict = act(stage)
        scenes.append(Scene(f"{number} {title.lower()}", verdict, stage.production()))
    stage.say("\n" + "━" * 99)
    rows = [[scene.act, scene.verdict, scene.production] for scene in scenes]
    stage.say("What happened\n" + table(["act", "verdict", "production afterwards"], rows))
    stage.say(_why(bad=scenes[-2].production, production=scenes[-1].production))
    stage.say(_where_to_look(stage.folder, stage.missing_path()))


def _first_model(stage: Stage) -> str:
    """A first model: four features, no production yet."""
    stage.say("A branch brings a configuration, a contract for the data, and a model with four features.")
    stage.type("git switch --quiet --create first-model")
    stage.put("tumour")
    _commit(stage, "A first model with four features")
    stage.say(
        "\nIts author types `mlci check`. `mlci report` then judges once more, without running any code of the\n"
        "branch, and publishes: on GitHub a comment and the status mlci/gate, here files."
    )
    _check(stage)
    stage.say(
        "\nAfter the merge, `mlci promote` judges against production as it is then, and registers; `mlci deploy`\n"
        "brings the version to where it answers, here a folder."
    )
    _merge(stage, "first-model")
    _release(stage)
    stage.type("mlci predict ../live/current row.csv")
    return _verdict(stage)


def _better_model(stage: Stage) -> str:
    """A better model: a pull request with all thirty features."""
    stage.say("Four features leave much unused. Another branch trains on all thirty.")
    stage.type("git switch --quiet --create all-features")
    stage.put("all-features")
    stage.show_changes()
    _commit(stage, "Train on all features")
    _check(stage)
    verdict = _verdict(stage)
    _merge(stage, "all-features")
    _release(stage)
    stage.type("mlci predict ../live/current row.csv")
    return verdict


def _careless_change(stage: Stage) -> str:
    """A careless change: a weight that is the wrong way round."""
    stage.say(
        "Missing a malignant cell costs most, so somebody gives it more weight. Which target was malignant again?"
    )
    stage.type("git switch --quiet --create weigh-malignant")
    stage.put("weigh-malignant")
    stage.show_changes()
    _commit(stage, "Weigh malignant cells 30 times")
    _check(stage, exit_code=1)
    verdict = _verdict(stage)
    stage.say("\nBlocked by a gate of mlci.yaml on main: recall not worse, margin 0.02.")
    stage.say("Somebody merges it all the same. Promotion decides again, by the rules from before the push:")
    _merge(stage, "weigh-malignant")
    stage.type("mlci train")
    stage.type("mlci promote", exit_code=1)
    stage.say("\nProduction stays as it was, and main gets back the code that made it:")
    stage.type("git revert --no-edit --mainline 1 HEAD")
    stage.type("git push --quiet")
    return f"{verdict}, promotion refused"


def _broken_data(stage: Stage) -> str:
    """Broken data: one source delivers a column in another unit."""
    stage.say(f"A new scanner delivers its rows with {SCALED_COLUMN} in nanometre; the contract says micrometre.")
    stage.type("git switch --quiet --create new-scanner")
    path = "data/cells.csv"
    stage.edit(path, scaled((stage.folder / path).read_text()))
    _commit(stage, "Cells from the new scanner")
    _check(stage, exit_code=1)
    stage.say("\nBlocked by the contract on main, contracts/cells.yaml.")
    stage.type("git switch --quiet main")
    return _verdict(stage)


def _cheat(stage: Stage) -> str:
    """A cheat: the gate is loosened together with the careless model."""
    stage.say(
        "The careless model again, so its training is reused; but this branch also widens the margin that caught it."
    )
    stage.type("git switch --quiet --create loosen-gates")
    stage.put("loosen-gates")
    stage.show_changes()
    _commit(stage, "Weigh malignant cells; allow for noise")
    _check(stage, exit_code=1)
    stage.say("\nBlocked by the same gate: main says 0.02, and what a branch says about its own rules does not count.")
    stage.type("git switch --quiet main")
    return _verdict(stage)


def _tie(stage: Stage) -> str:
    """A tie: other regularisation, nothing better or worse."""
    stage.say(
        "Less regularisation finds two malignant cells more and misses two others. Is that worse? These rows cannot\n"
        "say, and mlci says so."
    )
    stage.type("git switch --quiet --create less-regularisation")
    stage.put("less-regularisation")
    stage.show_changes()
    _commit(stage, "Less regularisation")
    _check(stage)
    stage.say("\nNot blocked: where nothing else is configured, inconclusive is a warning here, and stops a promotion.")
    stage.type("git switch --quiet main")
    return _verdict(stage)


def _rollback(stage: Stage) -> str:
    """A rollback: the clinic reports trouble, production goes back."""
    stage.say("The clinic reports trouble with the new version. First the stage moves, then the target.")
    bad = stage.production()
    stage.type(f'mlci rollback --expect {bad} --reason "the clinic reports missed cells from the new scanner"')
    stage.type("mlci deploy live")
    stage.type("mlci predict ../live/current row.csv")
    stage.type("mlci registry show")
    stage.type("mlci verify")
    return "rolled back"


def _commit(stage: Stage, message: str) -> None:
    stage.type("git add --all")
    stage.type(f'git commit --quiet --message "{message}"')
    stage.type("git push --quiet --set-upstream origin HEAD")


def _check(stage: Stage, *, exit_code: int = 0) -> None:
    """Check a pull request, and publish the report: what the workflows do on a host."""
    stage.type("mlci check", exit_code=exit_code)
    stage.type("mlci report", exit_code=exit_code)


def _merge(stage: Stage, branch: str) -> None:
    stage.type("git switch --quiet main")
    stage.type(f'git merge --quiet --no-ff --message "Merge {branch}" {branch}')
    stage.type("git push --quiet")


def _release(stage: Stage) -> None:
    stage.type("mlci train")
    stage.type("mlci promote")
    stage.type("mlci deploy live")


def _verdict(stage: Stage) -> str:
    return str(stage.report()["conclusion"])


def scaled(text: str) -> str:
    """Return the CSV with one column of its later rows in a unit that is a thousand times finer."""
    header, *rows = text.splitlines()
    place = header.split(",").index(SCALED_COLUMN)
    for number, row in enumerate(rows):
        if number + 2 >= SCALED_FROM_LINE:
            cells = row.split(",")
            cells[place] = f"{float(cells[place]) * SCALE:g}"
            rows[number] = ",".join(cells)
    return "\n".join([header, *rows]) + "\n"


def _why(*, bad: str, production: str) -> str:
    """Return what the table cannot say: by whose rule, how production came to be what it is, how to undo it."""
    blocked = [
        ["act 3", "the gate `recall not worse, margin 0.02` in mlci.yaml on main: first the pull request,"],
        ["", "then the promotion, when it was merged all the same"],
        ["act 4", "the contract contracts/cells.yaml on main"],
        ["act 5", "the gate of act 3, as main has it: that the branch itself says 0.3 does not count"],
    ]
    path = [
        [production, f"promoted in act 1, replaced by {bad} in act 2, back by the rollback of act 7"],
        [bad, "quarantined: it can be neither promoted nor deployed again"],
    ]
    undo = [
        ["a promotion", 'mlci rollback --reason "WHY", then mlci deploy live: what act 7 did'],
        ["the rollback", f"{bad} does not come back, though main still has its code. Change that, and what passes"],
        ["", f"is the next version; or take it out: mlci registry show {bad} names the commit to revert"],
    ]
    titles = ("What blocked, and by whose rule", "What is in production, and how it got there", "How to undo")
    return "\n".join(f"\n{title}\n{_pairs(rows)}" for title, rows in zip(titles, (blocked, path, undo), strict=True))


def _where_to_look(folder: Path, missing_path: str | None) -> str:
    place = shlex.quote(str(folder.parent))
    repository = f"{place}/{folder.name}"
    rows = [
        *([["first", f'export PATH="{missing_path}:$PATH"']] if missing_path else []),
        ["the reports", f"ls {repository}/.mlci/forge/*/comment.md"],
        ["the careless one", f"cat {repository}/.mlci/forge/weigh-malignant/comment.md"],
        ["the registry", f"git -C {repository} log --patch refs/mlci/registry/tumour"],
        ["who did what", f"cd {repository} && mlci registry show"],
        ["the deployed model", f"ls {place}/live/current/"],
        ["all of it, checked", f"cd {repository} && mlci verify"],
        ["when you are done", f"rm -r {place}"],
    ]
    return f"\nWhere to look\n{_pairs(rows)}"


def _pairs(rows: list[list[str]]) -> str:
    return "\n".join(f"  {what:<20}{text}" for what, text in rows)
