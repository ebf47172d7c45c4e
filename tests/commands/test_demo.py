from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from mlci.commands.demo import ACTS, play, scaled
from mlci.errors import OutsideError

if TYPE_CHECKING:
    from pathlib import Path

VERDICTS = {
    "first-model": "first",
    "all-features": "pass",
    "weigh-malignant": "fail",
    "new-scanner": "data rejected",
    "loosen-gates": "fail",
    "less-regularisation": "inconclusive",
}
CELLS = "id,mean_radius,malignant\n" + "".join(f"{row},{row}.5,0\n" for row in range(1, 300))


class Stage:
    """Plays no command: it writes down what is typed, and answers as the branch of the act wants it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script: list[str] = []
        self.said: list[str] = []
        self.edited: dict[str, str] = {}
        self.branch = "main"
        self.version = "none"
        (folder / "data").mkdir()
        (folder / "data" / "cells.csv").write_text(CELLS)

    def say(self, text: str) -> None:
        self.said.append(text)

    def type(self, command: str, *, exit_code: int = 0) -> None:
        self.script.append(f"{command} → {exit_code}" if exit_code else command)
        words = command.split()
        branches = {"git switch --quiet --create": words[-1], "git switch --quiet main": self.branch}
        self.branch = next((name for start, name in branches.items() if command.startswith(start)), self.branch)
        promoted = {"first-model": "v1.0.0", "all-features": "v2.0.0"}
        moves = {"mlci promote": promoted.get(self.branch, self.version), "mlci rollback": "v1.0.0"}
        self.version = next((to for start, to in moves.items() if command.startswith(start)), self.version)

    def put(self, scene: str) -> None:
        self.script.append(f"[{scene}]")

    def edit(self, path: str, text: str) -> None:
        self.edited[path] = text

    def show_changes(self) -> None:
        self.script.append("[changes]")

    def report(self) -> dict[str, object]:
        return {"conclusion": VERDICTS[self.branch]}

    def production(self) -> str:
        return self.version

    def missing_path(self) -> str | None:
        return "/opt/mlci/bin"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_play__tells_seven_acts_and_what_they_came_to(stage: Stage) -> None:
    play(stage)
    titles = [line.strip("\n━ ") for line in stage.said if "━ Act " in line]
    assert titles == [
        "Act 1 of 7: A first model",
        "Act 2 of 7: A better model",
        "Act 3 of 7: A careless change",
        "Act 4 of 7: Broken data",
        "Act 5 of 7: A cheat",
        "Act 6 of 7: A tie",
        "Act 7 of 7: A rollback",
    ]
    assert len(titles) == ACTS
    what_happened = stage.said[-3]
    assert [" ".join(line.split()) for line in what_happened.splitlines() if line.strip(" ─━-")] == [
        "What happened",
        "act verdict production afterwards",
        "1 a first model first v1.0.0",
        "2 a better model pass v2.0.0",
        "3 a careless change fail, promotion refused v2.0.0",
        "4 broken data data rejected v2.0.0",
        "5 a cheat fail v2.0.0",
        "6 a tie inconclusive v2.0.0",
        "7 a rollback rolled back v1.0.0",
    ]


def test_play__answers_what_blocked_what_is_in_production_and_how_to_undo_it(stage: Stage) -> None:
    play(stage)
    assert (
        stage.said[-2]
        == """
What blocked, and by whose rule
  act 3               the gate `recall not worse, margin 0.02` in mlci.yaml on main: first the pull request,
                      then the promotion, when it was merged all the same
  act 4               the contract contracts/cells.yaml on main
  act 5               the gate of act 3, as main has it: that the branch itself says 0.3 does not count

What is in production, and how it got there
  v1.0.0              promoted in act 1, replaced by v2.0.0 in act 2, back by the rollback of act 7
  v2.0.0              quarantined: it can be neither promoted nor deployed again

How to undo
  a promotion         mlci rollback --reason "WHY", then mlci deploy live: what act 7 did
  the rollback        v2.0.0 does not come back, though main still has its code. Change that, and what passes
                      is the next version; or take it out: mlci registry show v2.0.0 names the commit to revert"""
    )


def test_play__ends_with_commands_that_can_be_typed_in_any_folder(tmp_path: Path) -> None:
    place = tmp_path / "a place"
    (place / "tumour").mkdir(parents=True)
    stage = Stage(place / "tumour")
    play(stage)
    where_to_look = stage.said[-1]
    assert 'export PATH="/opt/mlci/bin:$PATH"' in where_to_look
    assert f"cd '{place}'/tumour && mlci verify" in where_to_look
    assert where_to_look.splitlines()[-1] == f"  when you are done   rm -r '{place}'"


def test_play__types_what_a_user_would(stage: Stage) -> None:
    play(stage)
    assert [line for line in stage.script if not line.startswith("git")] == [
        "[tumour]",
        *["mlci check", "mlci report", "mlci train", "mlci promote", "mlci deploy live"],
        "mlci predict ../live/current row.csv",
        *["[all-features]", "[changes]"],
        *["mlci check", "mlci report", "mlci train", "mlci promote", "mlci deploy live"],
        "mlci predict ../live/current row.csv",
        *["[weigh-malignant]", "[changes]", "mlci check → 1", "mlci report → 1", "mlci train", "mlci promote → 1"],
        *["mlci check → 1", "mlci report → 1"],
        *["[loosen-gates]", "[changes]", "mlci check → 1", "mlci report → 1"],
        *["[less-regularisation]", "[changes]", "mlci check", "mlci report"],
        'mlci rollback --expect v2.0.0 --reason "the clinic reports missed cells from the new scanner"',
        "mlci deploy live",
        "mlci predict ../live/current row.csv",
        *["mlci registry show", "mlci verify"],
    ]


def test_play__every_branch_is_committed_and_pushed(stage: Stage) -> None:
    play(stage)
    created = [line.rpartition(" ")[2] for line in stage.script if "--create" in line]
    pushed = stage.script.count("git push --quiet --set-upstream origin HEAD")
    assert (created, pushed) == (list(VERDICTS), len(VERDICTS))
    assert [line for line in stage.script if line.startswith("git merge")] == [
        f'git merge --quiet --no-ff --message "Merge {branch}" {branch}'
        for branch in ("first-model", "all-features", "weigh-malignant")
    ]


def test_play__the_broken_column_is_a_thousand_times_too_large(stage: Stage) -> None:
    play(stage)
    assert list(stage.edited) == ["data/cells.csv"]
    assert stage.edited["data/cells.csv"] == scaled(CELLS) != CELLS


def test_play__a_command_that_ends_otherwise_stops_the_story(stage: Stage) -> None:
    class Derailed(Stage):
        def __init__(self, played: Stage) -> None:
            vars(self).update(vars(played))

        @override
        def type(self, command: str, *, exit_code: int = 0) -> None:
            super().type(command, exit_code=exit_code)
            if command == "mlci promote":
                raise OutsideError("demo-derailed", "it ended otherwise")

    with pytest.raises(OutsideError):
        play(Derailed(stage))
    assert (stage.script[-1], sum("━ Act " in line for line in stage.said)) == ("mlci promote", 1)


def test_scaled__changes_one_column_of_the_later_rows() -> None:
    before, after = CELLS.splitlines(), scaled(CELLS).splitlines()
    assert after[:201] == before[:201]
    assert [after[201], after[-1]] == ["201,201500,0", "299,299500,0"]
    assert scaled(CELLS).endswith("\n")
