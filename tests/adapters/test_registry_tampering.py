"""What somebody with the right to push did by hand is found, and repair says what could be done: on real Git."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.registry_branch import GitRegistry
from mlci.commands.beginning import refuse_gone
from mlci.commands.repair import repair
from mlci.core.registry import plan_quarantine
from mlci.core.registry.audit import audit
from mlci.errors import IntegrityError
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock
from tests.adapters.clones import ENVIRON, Clone, bare_origin, clone_of, with_a_commit
from tests.core.plans import ANA, UUIDS, a_promotion, a_rollback

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BRANCH = "refs/heads/mlci/registry/tumour"
READ = "refs/mlci/registry/tumour"


@pytest.fixture(scope="module")
def _promoted_twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("promoted")
    made = with_a_commit(clone_of(bare_origin(place / "origin.git"), place / "clone"))
    for letter in "ab":
        promote(made, letter)
    return place


@pytest.fixture
def clone(_promoted_twice: Path, tmp_path: Path) -> Clone:
    """A clone of an origin whose registry has two promotions."""
    for name in ("origin.git", "clone"):
        shutil.copytree(_promoted_twice / name, tmp_path / name, symlinks=True)
    made = Clone(tmp_path / "clone")
    made.git("remote", "set-url", "origin", f"file://{tmp_path / 'origin.git'}")
    return made


def promote(clone: Clone, letter: str) -> None:
    repository = clone.open()
    repository.fetch("main")
    registry = GitRegistry(repository)
    loaded = registry.load("tumour")
    registry.push("tumour", a_promotion(loaded.registry, letter), loaded.commit)


def edit(clone: Clone, path: str, old: str, new: str, times: int = -1) -> None:
    """Change a file of the registry as a person would: on a branch, with a commit and a push."""
    clone.git("switch", "--quiet", "--force-create", "edit", READ)
    clone.write(path, (clone.folder / path).read_text().replace(old, new, times))
    push_by_hand(clone)


def remove(clone: Clone, path: str) -> None:
    clone.git("switch", "--quiet", "--force-create", "edit", READ)
    clone.git("rm", "--quiet", path)
    push_by_hand(clone)


def edit_tree(clone: Clone, script: str) -> None:
    clone.git("switch", "--quiet", "--force-create", "edit", READ)
    subprocess.run(["sh", "-ec", script], cwd=clone.folder, check=True)
    push_by_hand(clone)


def push_by_hand(clone: Clone) -> None:
    clone.commit()
    clone.git("push", "--quiet", "origin", f"HEAD:{BRANCH}")
    clone.git("switch", "--quiet", "main")
    clone.open().fetch("main")


def swap_versions(clone: Clone) -> None:
    clone.git("switch", "--quiet", "--force-create", "edit", READ)
    one, other = (clone.folder / f"versions/{number}.json" for number in ("v1.0.0", "v1.1.0"))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    push_by_hand(clone)


BREAKS: dict[str, tuple[Callable[[Clone], None], str]] = {
    "history edited": (
        lambda clone: edit(clone, "events/000002.json", "a better model", "no reason"),
        "broken at events/000002.json: its sha256 is not the one that events/000003.json names",
    ),
    "first event removed": (
        lambda clone: remove(clone, "events/000001.json"),
        "broken at events/000001.json: it is missing",
    ),
    "every event removed but one in a folder": (
        lambda clone: edit_tree(
            clone,
            "rm -r versions stages README.md events/00000[123].json && mkdir -p events/x"
            " && mv events/000004.json events/x && cp events/x/000004.json events",
        ),
        "broken at events/x: it is no plain file",
    ),
    "event that is too large to be one": (
        lambda clone: edit_tree(clone, "head -c 2000000 /dev/zero > events/000005.json"),
        "broken at events/000005.json: ",
    ),
    "event removed": (lambda clone: remove(clone, "events/000002.json"), "broken at events/000002.json: it is missing"),
    "last event removed": (lambda clone: remove(clone, "events/000004.json"), "broken at stages/production.json: "),
    "version file swapped": (swap_versions, "broken at versions/v1.0.0.json: its content belongs to versions/v1.1.0"),
    "version file edited": (
        lambda clone: edit(clone, "versions/v1.0.0.json", "1000", "1001"),
        "broken at versions/v1.0.0.json: it is not the file that events/000001.json registered",
    ),
    "stage pointing nowhere": (
        lambda clone: edit(clone, "stages/production.json", "v1.1.0", "v9.9.9"),
        "broken at stages/production.json: it points to v9.9.9, which nobody registered",
    ),
    "stage pointing elsewhere": (
        lambda clone: edit(clone, "stages/production.json", "v1.1.0", "v1.0.0"),
        "it does not say what follows from the events: there, event 4 put v1.1.0 into it",
    ),
}


def run(clone: Clone, commands: tuple[str, ...]) -> None:
    """Type commands as repair shows them."""
    for command in commands:
        subprocess.run(shlex.split(command), cwd=clone.folder, env=ENVIRON, check=True, capture_output=True)


@pytest.mark.parametrize("name", BREAKS)
def test_break__is_named(clone: Clone, name: str) -> None:
    breaks, problem = BREAKS[name]
    breaks(clone)
    with pytest.raises(IntegrityError) as caught:
        GitRegistry(clone.open()).load("tumour")
    assert caught.value.code == "registry-broken"
    assert problem in caught.value.problem


@pytest.mark.parametrize("name", BREAKS)
def test_break__is_mended_by_the_first_choice_of_repair(clone: Clone, name: str) -> None:
    whole = clone.git("rev-parse", READ)
    BREAKS[name][0](clone)
    (proposal,) = repair("tumour", registry=GitRegistry(clone.open()))
    run(clone, proposal.choices[0].commands)
    clone.open().fetch("main")
    assert GitRegistry(clone.open()).load("tumour").commit == whole
    assert repair("tumour", registry=GitRegistry(clone.open())) == ()


def test_emptied__branch_is_no_foreign_one_and_repair_brings_it_back(clone: Clone) -> None:
    whole = clone.git("rev-parse", READ)
    edit_tree(clone, "rm -r events versions stages")
    with pytest.raises(IntegrityError) as caught:
        GitRegistry(clone.open()).load("tumour")
    assert caught.value.code == "foreign-branch"
    (proposal,) = repair("tumour", registry=GitRegistry(clone.open()))
    run(clone, proposal.choices[0].commands)
    clone.open().fetch("main")
    assert GitRegistry(clone.open()).load("tumour").commit == whole


def test_foreign__branch_of_another_tool_is_not_repaired(clone: Clone) -> None:
    clone.commit(events__plan__a="1", a__b__c="2", events__x="3")
    clone.git("push", "--quiet", "origin", "main:refs/heads/mlci/registry/spam")
    clone.open().fetch("main")
    for look in (GitRegistry(clone.open()).load, lambda model: repair(model, registry=GitRegistry(clone.open()))):
        with pytest.raises(IntegrityError) as caught:
            look("spam")
        assert caught.value.code == "foreign-branch"


def found(clone: Clone) -> list[tuple[str, str]]:
    registry = GitRegistry(clone.open())
    trail = registry.trail("tumour")
    state = registry.load_at("tumour", trail.commit or "").registry
    return [(each.code, each.where) for each in audit(state, trail)]


def test_trail__nothing_is_wrong(clone: Clone) -> None:
    assert found(clone) == []


def test_trail__brings_what_others_pushed(clone: Clone, tmp_path: Path) -> None:
    promote(clone_of(tmp_path / "origin.git", tmp_path / "other"), "c")
    registry = GitRegistry(clone.open())
    trail = registry.trail("tumour")
    assert (len(trail.steps), trail.commit) == (3, registry.load("tumour").commit)


def test_trail__an_edit_that_was_undone(clone: Clone) -> None:
    edit(clone, "events/000001.json", "a better model", "no reason")
    edit(clone, "events/000001.json", "no reason", "a better model")
    assert found(clone) == [("edit-undone", "mlci/registry/tumour")] * 2
    assert repair("tumour", registry=GitRegistry(clone.open())) == ()


def test_trail__an_event_that_a_commit_took_off_again_was_not_undone_but_lost(clone: Clone) -> None:
    promote(clone, "c")
    clone.git("switch", "--quiet", "--force-create", "edit", READ)
    clone.git("rm", "--quiet", "-r", ".")
    clone.git("checkout", "--quiet", f"{READ}~1", "--", ".")
    push_by_hand(clone)
    assert ("edit-undone", "mlci/registry/tumour") not in found(clone)
    assert ("history-edited", "mlci/registry/tumour") in found(clone)


@pytest.mark.parametrize("kind", ["--annotate", "--no-sign"])
def test_trail__a_moved_tag_is_found_and_mended(clone: Clone, kind: str) -> None:
    clone.git("tag", kind, "--message" if kind == "--annotate" else "--force", "tumour@v1.0.0", *(
        ("tumour@v1.0.0", READ) if kind == "--annotate" else (READ,)
    ))  # fmt: skip
    clone.git("push", "--quiet", "--force", "origin", "refs/tags/tumour@v1.0.0")
    assert found(clone) == [("tag-moved", "tumour@v1.0.0")]
    (proposal,) = repair("tumour", registry=GitRegistry(clone.open()))
    run(clone, proposal.choices[0].commands)
    assert found(clone) == []


def test_trail__a_tag_on_the_code_is_removed_and_never_pushed_over_the_registry(clone: Clone) -> None:
    clone.git("tag", "tumour@v9.0.0", "main")
    clone.git("push", "--quiet", "origin", "refs/tags/tumour@v9.0.0")
    (proposal,) = repair("tumour", registry=GitRegistry(clone.open()))
    assert [choice.commands for choice in proposal.choices] == [("git push origin --delete refs/tags/tumour@v9.0.0",)]
    run(clone, proposal.choices[0].commands)
    assert found(clone) == []


def test_trail__a_tag_that_was_removed_is_found_and_made_again(clone: Clone) -> None:
    clone.git("push", "--quiet", "origin", ":refs/tags/tumour#production#2")
    assert found(clone) == [("tag-missing", "tumour#production#2")]
    (proposal,) = repair("tumour", registry=GitRegistry(clone.open()))
    run(clone, proposal.choices[0].commands)
    assert found(clone) == []


def test_trail__a_branch_that_was_set_back_is_found_and_goes_forward(clone: Clone) -> None:
    whole = clone.git("rev-parse", READ)
    clone.git("push", "--quiet", "--force", "origin", f"{READ}^:{BRANCH}")
    assert found(clone) == [
        ("branch-rewritten", f"refs/mlci/lost/tumour/{whole[:12]}"),
        ("tag-unknown", "tumour#production#4"),
        ("tag-unknown", "tumour@v1.1.0"),
    ]
    _, proposal, _ = repair("tumour", registry=GitRegistry(clone.open()))
    run(clone, proposal.choices[0].commands)
    assert (found(clone), clone.git("rev-parse", READ)) == ([], whole)


def quarantine_taken_off(clone: Clone) -> str:
    """Quarantine v1.0.0, which no tag tells of, and take that off by force; return the commit that said it."""
    registry = GitRegistry(clone.open())
    loaded = registry.load("tumour")
    change = plan_quarantine(
        loaded.registry, "v1.0.0", actor=ANA, now=FixedClock().now(), uuids=UUIDS, reason="leaked", page=registry_page
    )
    assert change
    whole = registry.push("tumour", change, loaded.commit)
    clone.git("push", "--quiet", "--force", "origin", f"{READ}^:{BRANCH}")
    return whole


def test_load__refuses_a_branch_that_lost_its_last_event(clone: Clone) -> None:
    whole = quarantine_taken_off(clone)
    with pytest.raises(IntegrityError) as caught:
        GitRegistry(clone.open()).refreshed("tumour")
    assert (caught.value.code, caught.value.problem) == (
        "branch-rewritten",
        (
            "the registry of tumour is not to be relied on: the branch was set back or written anew: it lacks event 5 "
            "(quarantine v1.0.0) by Ana Müller <ana@example.com>, which this clone fetched "
            f"(refs/mlci/lost/tumour/{whole[:12]})"
        ),
    )


@pytest.mark.parametrize(("choice", "events"), [(0, 5), (1, 4)])
def test_repair__brings_the_last_event_back_or_forgets_it(clone: Clone, choice: int, events: int) -> None:
    quarantine_taken_off(clone)
    (proposal,) = repair("tumour", registry=GitRegistry(clone.open()))
    run(clone, proposal.choices[choice].commands)
    registry = GitRegistry(clone.open())
    assert (registry.refreshed("tumour").registry.sequence, repair("tumour", registry=registry)) == (events, ())


def test_load__refuses_what_was_written_anew_over_what_was_there(clone: Clone) -> None:
    clone.git("branch", "before", f"{READ}^")
    whole = clone.git("rev-parse", READ)
    clone.git("push", "--quiet", "--force", "origin", f"before:{BRANCH}")
    clone.git("push", "--quiet", "origin", ":refs/tags/tumour@v1.1.0", ":refs/tags/tumour#production#4")
    promote(clone_of(clone.folder.parent / "origin.git", clone.folder.parent / "other"), "c")
    with pytest.raises(IntegrityError, match=rf"it lacks event 3 \(register v1\.1\.0\) .*tumour/{whole[:12]}"):
        GitRegistry(clone.open()).refreshed("tumour")


def test_load__a_model_whose_branch_is_gone_is_no_new_one(clone: Clone, tmp_path: Path) -> None:
    whole = clone.git("rev-parse", READ)
    clone.git("push", "--quiet", "origin", f":{BRANCH}")
    with pytest.raises(IntegrityError, match=f"and refs/mlci/lost/tumour/{whole[:12]} tells of one") as caught:
        GitRegistry(clone.open()).refreshed("tumour")
    assert caught.value.code == "registry-gone"
    registry = GitRegistry(clone_of(tmp_path / "origin.git", tmp_path / "other", "--no-tags").open())
    with pytest.raises(IntegrityError, match=r"and the tag tumour@v1\.1\.0 tells of one"):
        refuse_gone(registry.refreshed("tumour"), registry)


def test_repair__a_model_may_begin_anew(clone: Clone) -> None:
    clone.git("push", "--quiet", "origin", f":{BRANCH}")
    clone.open().fetch("main")
    (proposal,) = repair("tumour", registry=GitRegistry(clone.open()))
    run(clone, proposal.choices[-1].commands)
    tags = [line.split()[1] for line in clone.git("ls-remote", "--tags", "--refs", "origin").splitlines()]
    clone.git("push", "--quiet", "origin", *(f":{name}" for name in tags))
    registry = GitRegistry(clone.open())
    loaded = registry.refreshed("tumour")
    refuse_gone(loaded, registry)
    assert loaded.commit is None


def test_trail__a_branch_that_was_written_anew_is_betrayed_by_its_tags(clone: Clone) -> None:
    """Every event and hash of the new history fits; only the tags remember the old one."""
    clone.git("push", "--quiet", "origin", f":{BRANCH}")
    clone.git("update-ref", "-d", READ)
    clone.git("update-ref", "-d", "refs/remotes/origin/mlci/registry/tumour")
    kept = clone.git("ls-remote", "--tags", "--refs", "origin").splitlines()
    clone.git("push", "--quiet", "origin", *(f":{line.split()[1]}" for line in kept))
    for letter in "cd":
        promote(clone, letter)
    clone.git("push", "--quiet", "--force", "origin", *("{}:{}".format(*line.split()) for line in kept))
    assert found(clone) == [("tag-moved", line.split("refs/tags/")[1]) for line in kept_in_order(kept)]
    first = repair("tumour", registry=GitRegistry(clone.open()))[0]
    assert first.choices[1].when.startswith("If the branch was rewritten: ")


def kept_in_order(lines: list[str]) -> list[str]:
    """Return the tags as their events come: 1 registers, 2 assigns, 3 registers, 4 assigns."""
    order = ["tumour@v1.0.0", "tumour#production#2", "tumour@v1.1.0", "tumour#production#4"]
    return sorted(lines, key=lambda line: order.index(line.split("refs/tags/")[1]))


def test_trail__a_branch_that_is_gone_comes_back(clone: Clone) -> None:
    whole = clone.git("rev-parse", READ)
    clone.git("push", "--quiet", "origin", f":{BRANCH}")
    clone.open().fetch("main")
    (proposal,) = repair("tumour", registry=GitRegistry(clone.open()))
    assert proposal.choices[0].commands[0] == f"git log refs/mlci/lost/tumour/{whole[:12]}"
    run(clone, proposal.choices[0].commands)
    assert (found(clone), clone.git("rev-parse", READ)) == ([], whole)


def test_trail__a_branch_that_is_gone_comes_back_from_its_last_tag_where_no_clone_is_left(
    clone: Clone, tmp_path: Path
) -> None:
    whole = clone.git("rev-parse", READ)
    clone.git("push", "--quiet", "origin", f":{BRANCH}")
    other = clone_of(tmp_path / "origin.git", tmp_path / "other")
    (proposal,) = repair("tumour", registry=GitRegistry(other.open()))
    run(other, proposal.choices[1].commands)
    assert (found(other), other.git("rev-parse", READ)) == ([], whole)


def lost(clone: Clone) -> list[str]:
    return clone.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/mlci/lost").splitlines()


def test_trail__what_a_branch_was_before_it_was_set_back_and_broken_is_kept(clone: Clone) -> None:
    whole = clone.git("rev-parse", READ)
    clone.git("push", "--quiet", "--force", "origin", f"main:{BRANCH}")
    registry = GitRegistry(clone.open())
    assert registry.trail("tumour").lost == (f"refs/mlci/lost/tumour/{whole[:12]}",)
    assert lost(clone) == [f"{whole} refs/mlci/lost/tumour/{whole[:12]}"]
    clone.open().fetch("main")
    assert lost(clone) == [f"{whole} refs/mlci/lost/tumour/{whole[:12]}"]
    assert registry.load_at("tumour", whole).registry.sequence == 4


def test_trail__nothing_is_lost_where_a_branch_goes_forward(clone: Clone, tmp_path: Path) -> None:
    promote(clone_of(tmp_path / "origin.git", tmp_path / "other"), "c")
    clone.open().fetch("main")
    assert (lost(clone), len(GitRegistry(clone.open()).trail("tumour").steps)) == ([], 3)


@pytest.mark.parametrize("target", ["", f"{READ}~1"], ids=["deleted", "set back"])
def test_version_tags__outlive_the_branch_also_where_its_commits_are_not_here(
    clone: Clone, tmp_path: Path, target: str
) -> None:
    clone.git("push", "--quiet", "--force", "origin", f"{target}:{BRANCH}")
    other = clone_of(tmp_path / "origin.git", tmp_path / "other", "--no-tags")
    for each in (clone, other):
        each.open().fetch("main")
        assert ("tumour", "v1.1.0") in GitRegistry(each.open()).version_tags()


def test_version_tags__another_tools_are_none(clone: Clone) -> None:
    clone.git("tag", "web@v2.0.0", "main")
    clone.git("push", "--quiet", "origin", "web@v2.0.0", "main:refs/tags/@scope/web@v1.0.0", "main:refs/tags/web@v2")
    assert GitRegistry(clone.open()).version_tags() == {("tumour", "v1.0.0"), ("tumour", "v1.1.0")}


def test_trail__of_a_model_without_a_registry(clone: Clone) -> None:
    assert GitRegistry(clone.open()).trail("spam").commit is None
    assert repair("spam", registry=GitRegistry(clone.open())) == ()


@pytest.mark.usefixtures("clone")
def test_trail__in_a_shallow_clone(tmp_path: Path) -> None:
    shallow = clone_of(tmp_path / "origin.git", tmp_path / "shallow", "--depth=1", "--no-tags")
    shallow.open().fetch_references("--depth=1", f"+{BRANCH}:{READ}")
    trail = GitRegistry(shallow.open()).trail("tumour")
    assert (trail.in_shallow_clone, trail.is_shallow, len(trail.steps)) == (True, True, 1)
    assert found(shallow) == []


def test_trail__after_a_rollback_from_a_clone_that_lacks_the_older_commits(clone: Clone, tmp_path: Path) -> None:
    clone.commit(data="2")
    clone.git("push", "--quiet", "origin", "main")
    shallow = clone_of(tmp_path / "origin.git", tmp_path / "shallow", "--depth=1", "--no-single-branch")
    repository = shallow.open()
    repository.fetch("main")
    registry = GitRegistry(repository)
    loaded = registry.load("tumour")
    registry.push("tumour", a_rollback(loaded.registry), loaded.commit)
    assert found(clone) == []
    assert shallow.git("rev-list", "--count", "main") == "1"


@pytest.mark.parametrize("name", ["--upload-pack=x", "tümour", "x\ty", 'a"b'])
def test_trail__names_of_paths_and_people_that_look_like_something_else(clone: Clone, name: str) -> None:
    clone.git("config", "user.name", f"Eve\x1f{name}")
    clone.git("switch", "--quiet", "--force-create", "edit", READ)
    clone.write(f"events/{name}", "x")
    push_by_hand(clone)
    step = GitRegistry(clone.open()).trail("tumour").steps[-1]
    assert (step.parents, [status for status, _ in step.changes]) == (1, ["A"])
    assert step.author.endswith("<ana@example.com>")


@pytest.mark.parametrize(
    ("key", "value"), [("log.showRoot", "false"), ("diff.renames", "copies"), ("log.follow", "true")]
)
def test_trail__the_users_configuration_does_not_matter(clone: Clone, key: str, value: str) -> None:
    clone.git("config", key, value)
    promote(clone, "c")
    registry = GitRegistry(clone.open())
    loaded = registry.load("tumour")
    registry.push("tumour", a_rollback(loaded.registry), loaded.commit)
    assert found(clone) == []
