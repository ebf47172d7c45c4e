"""What our pages claim: links, verbs, targets of make, exit codes, variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import typer.main

import mlci.errors
from mlci.adapters.training_process import PASSED_ON
from mlci.cli.app import app
from mlci.core.training import variables
from mlci.core.trust import Trust
from mlci.errors import BUG_EXIT_CODE, INTERRUPTED_EXIT_CODE, MlciError
from mlci.formats.confinement import Confinement
from tests.actions.documents import ACTIONS, REUSABLE
from tests.core.configurations import a_config
from tests.docs.blocks import PAGES, ROOT, blocks, matches
from tests.guards import GUARDS

if TYPE_CHECKING:
    from pathlib import Path

CONCEPTS = (ROOT / "docs" / "concepts.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
TRUST = (ROOT / "docs" / "trust.md").read_text()
ACTIONS_PAGE = (ROOT / "actions" / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def a_trust(
    *,
    has_base: bool = True,
    is_scored: bool = True,
    confinement: str = Confinement(7, seccomp=True).sentence,
    as_submitted: tuple[str, ...] = (),
) -> Trust:
    """Return what a report says about itself."""
    return Trust(
        has_base=has_base,
        confined=True,
        confinement=confinement,
        labels="repository",
        is_scored=is_scored,
        as_submitted=as_submitted,
    )


def spans(path: Path) -> list[str]:
    """Return what stands in code spans, and the lines of blocks."""
    return re.findall(r"`([^`\n]+)`", path.read_text()) + [
        line for block in blocks(path) for line in block.text.splitlines()
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links__lead_to_files_that_exist(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def anchors(path: Path) -> set[str]:
    """Return what a link may name on a page: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links__lead_to_headings_that_exist(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", path.read_text())
    targets = [(path.parent / page if page else path, heading) for page, heading in links]
    assert [(target.name, heading) for target, heading in targets if heading not in anchors(target)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_verbs__exist(path: Path) -> None:
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group, which has them
    used = {found[1] for span in spans(path) if (found := re.match(r"(?:\$ )?mlci ([a-z]+)", span))}
    assert used - known == set()


def documented(verb: str) -> str:
    """Return the line of `docs/verbs.md` that begins with the verb, empty where there is none."""
    lines = (ROOT / "docs" / "verbs.md").read_text().splitlines()
    return next((line for line in lines if re.match(rf"\| `mlci {verb}[` ]", line)), "")


def commands(group: object, prefix: str = "") -> dict[str, list[str]]:
    """Return the options of every verb by its name, without those that all have."""
    found: dict[str, list[str]] = {}
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # a group, which has them
        if hasattr(command, "commands"):
            found |= commands(command, f"{prefix}{name} ")
        else:
            names = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
            found[f"{prefix}{name}"] = [name for name in names if name not in {"--json", "--help"}]
    return found


@pytest.mark.parametrize(("verb", "options"), commands(typer.main.get_command(app)).items())
def test_verbs_page__names_every_verb_with_every_option(verb: str, options: list[str]) -> None:
    line = documented(verb)
    assert line, f"docs/verbs.md does not know mlci {verb}"
    assert [option for option in options if f"`{option}`" not in line] == []


def test_verbs_page__names_no_verb_and_no_option_that_does_not_exist() -> None:
    known = commands(typer.main.get_command(app))
    text = (ROOT / "docs" / "verbs.md").read_text()
    groups = "|".join({verb.split()[0] for verb in known if " " in verb})
    rows = re.findall(rf"^\| `mlci ((?:(?:{groups}) )?[a-z]+)[^`]*` \|.*\|(.*)\|$", text, re.MULTILINE)
    assert {verb for verb, _ in rows} == set(known)
    assert [
        (verb, option) for verb, cell in rows for option in re.findall(r"--[a-z-]+", cell) if option not in known[verb]
    ] == []


@pytest.mark.parametrize("name", sorted(name for action in ACTIONS.values() for name in action.get("inputs", {})))
def test_actions_page__names_every_input_of_an_action(name: str) -> None:
    assert f"| `{name}` |" in ACTIONS_PAGE


@pytest.mark.parametrize("name", sorted(name for action in ACTIONS.values() for name in action.get("outputs", {})))
def test_actions_page__names_every_output_of_an_action(name: str) -> None:
    assert f"| `{name}` |" in ACTIONS_PAGE


@pytest.mark.parametrize("workflow", sorted(REUSABLE))
def test_actions_page__names_every_input_of_a_reusable_workflow(workflow: str) -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \|", ACTIONS_PAGE, re.MULTILINE)
    named = {name for name, of in rows if workflow in of.split(", ")}
    assert named == set(REUSABLE[workflow]["on"]["workflow_call"]["inputs"])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_targets_of_make__exist(path: Path) -> None:
    used = {found[1] for span in spans(path) if (found := re.match(r"make ([a-z-]+)", span))}
    assert used - TARGETS == set()


def test_contributing__names_every_target_of_make() -> None:
    assert {target for target in TARGETS if f"`make {target}`" not in CONTRIBUTING} - {"setup", "help"} == set()


def test_contributing__maps_every_folder() -> None:
    folders = {path.parent.name for path in (ROOT / "mlci").glob("*/__init__.py")}
    assert {folder for folder in folders if f"| `mlci/{folder}/` |" not in CONTRIBUTING} == set()


def test_concepts__list_every_exit_code() -> None:
    kinds = [kind for kind in vars(mlci.errors).values() if isinstance(kind, type) and issubclass(kind, MlciError)]
    codes = {kind.exit_code for kind in kinds if kind is not MlciError} | {0, BUG_EXIT_CODE, INTERRUPTED_EXIT_CODE}
    assert {int(code) for code in re.findall(r"^\| ([0-9]+) \|", CONCEPTS, re.MULTILINE)} == codes


def test_configuration__names_every_variable_of_a_training_command() -> None:
    given = variables(a_config(), {"name": "data.csv"}, "/folder")
    assert [name for name in (*PASSED_ON, *given) if f"`{name}`" not in CONFIGURATION] == []


@pytest.mark.parametrize(
    "trust",
    [
        a_trust(),
        a_trust(has_base=False),
        a_trust(is_scored=False, as_submitted=("training",)),
        a_trust(confinement=Confinement(0, seccomp=False).sentence),
        a_trust(confinement=Confinement(1, seccomp=False).sentence),
    ],
)
def test_trust__explains_every_part_of_the_trust_line(trust: Trust) -> None:
    explained = re.findall(r"`([^`\n]+)`", TRUST)
    parts = trust.line.replace("`", "").split(" · ")
    assert [part for part in parts if not any(matches(span, part) for span in explained)] == []


def test_trust__names_guards_that_are_taken_out_in_tests() -> None:
    promises = TRUST.partition("| promise | guards |")[2].partition("\n\n")[0].splitlines()[2:]
    named = [name for line in promises for name in line.split(" | ")[1].removesuffix(" |").split(" · ")]
    assert (promises != [], set(named) - {guard.name for guard in GUARDS}) == (True, set())
    assert len(named) == len(set(named))


def test_pages__say_nothing_about_the_machine_that_they_were_written_on() -> None:
    assert [path.name for path in PAGES if re.search(r"/(root|work|home|Users)/", path.read_text())] == []
