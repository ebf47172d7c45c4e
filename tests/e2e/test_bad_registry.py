"""Registries, stores and targets that were damaged, taken by somebody else, or moved meanwhile."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Golden
    from tests.e2e.conftest import Refuses

pytestmark = pytest.mark.slow

PACKAGE = frozenset({".tar"})
ROWS = "data/holdout.csv"
USES = {
    "promote": ("promote",),
    "deploy": ("deploy", "live"),
    "verify": ("verify",),
    "predict": ("predict", "v1.0.0", ROWS),
}
BOTH_ARE_HERE = """\
#!/bin/sh
# Hold every push until there are two of them, at most a minute.
touch "$PWD/arrived.$$"
for _ in $(seq 1200); do
    [ "$(ls -d "$PWD"/arrived.* | wc -l)" -ge 2 ] && exit 0
    sleep 0.05
done
"""


def package_of(project: Project) -> Path:
    """Return the file of the only package in the store."""
    (file,) = (project.place / "models").rglob("*.tar")
    return file


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def edit_registry(project: Project, path: str, old: str, new: str) -> None:
    """Edit a file of the registry branch by hand, and push."""
    place = project.place / "by-hand"
    project.git("clone", "--quiet", "--branch", "mlci/registry/tumour", "../origin.git", str(place))
    hand = Project(place)
    hand.replace(path, old, new)
    hand.commit("A correction by hand")
    hand.git("push", "--quiet")


def hook(project: Project, text: str) -> None:
    """Let the origin run a hook before it takes a push."""
    file = project.place / "origin.git" / "hooks" / "pre-receive"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


@pytest.mark.parametrize("verb", USES)
def test_package__that_is_missing(merged: Project, refuses: Refuses, verb: str) -> None:
    package_of(merged).unlink()
    refuses(merged, *USES[verb], exit_code=5, told=f"package-missing-{verb}")


@pytest.mark.parametrize("verb", USES)
def test_package__with_a_flipped_byte(merged: Project, refuses: Refuses, verb: str) -> None:
    flip_a_byte(package_of(merged))
    refuses(merged, *USES[verb], exit_code=4, told=f"package-damaged-{verb}")


def test_promotions__of_two_at_once_exactly_one_wins(merged: Project, golden: Golden) -> None:
    other = Project(shutil.copytree(merged.folder, merged.place / "other", symlinks=True))
    hook(merged, BOTH_ARE_HERE)
    running = [project.start("promote", "--reason", "a better model") for project in (merged, other)]
    ended = [(*process.communicate(), process.returncode) for process in running]
    assert sorted(code for _, _, code in ended) == [0, 4]
    (winner,) = (out for out, _, code in ended if code == 0)
    (loser,) = (err for _, err, code in ended if code == 4)
    assert winner.startswith("v2.0.0 is in production, before v1.0.0\n")
    golden("errors/promotion-stale.txt", merged.told(f"$ mlci promote\n{loser}"))
    events = merged.git("ls-remote", "--tags", "--refs", "origin").splitlines()
    assert [line.rpartition("/")[2] for line in events] == [
        "tumour#production#2",
        "tumour#production#5",
        "tumour@v1.0.0",
        "tumour@v2.0.0",
    ]
    assert other.mlci("promote").out == "nothing to promote: v2.0.0 in production is this very package\n"
    assert merged.mlci("verify").exit_code == 0


def test_branch__called_mlci_leaves_no_room_for_a_registry(trained: Project, refuses: Refuses) -> None:
    trained.git("push", "--quiet", "origin", "main:refs/heads/mlci")
    refuses(trained, "promote", exit_code=2, told="foreign-branch-mlci", stored=PACKAGE)


@pytest.mark.parametrize("verb", ["promote", "verify"])
def test_branch__in_the_place_of_the_registry_is_not_ours(trained: Project, refuses: Refuses, verb: str) -> None:
    trained.git("push", "--quiet", "origin", "main:refs/heads/mlci/registry/tumour")
    refuses(trained, verb, exit_code=4, told=f"foreign-branch-registry-{verb}")


@pytest.mark.parametrize(("name", "tag"), [("version", "tumour@v1.0.0"), ("stage", "tumour#production#2")])
def test_tag__in_our_pattern_is_not_moved(trained: Project, refuses: Refuses, name: str, tag: str) -> None:
    trained.git("tag", tag)
    trained.git("push", "--quiet", "origin", f"refs/tags/{tag}")
    refuses(trained, "promote", exit_code=4, told=f"foreign-tag-{name}", stored=PACKAGE)


def test_push__that_the_origin_refuses(trained: Project, refuses: Refuses) -> None:
    hook(trained, "#!/bin/sh\necho 'only the bot may write here' >&2\nexit 1\n")
    refuses(trained, "promote", exit_code=5, told="push-rejected", stored=PACKAGE)
    hook(trained, "#!/bin/sh\n")
    assert trained.mlci("promote").out.startswith("v1.0.0 is in production\n")


EDITS = {
    "stage": ("stages/production.json", '"v1.0.0"', '"v9.9.9"'),
    "event": ("events/000001.json", "Ada Example", "Eve Example"),
    "version": ("versions/v1.0.0.json", '"sha256": "', '"sha256": "0'),
}


@pytest.mark.parametrize("name", EDITS)
def test_registry__that_was_edited_by_hand(released: Project, refuses: Refuses, name: str) -> None:
    edit_registry(released, *EDITS[name])
    refuses(released, "deploy", "live", exit_code=4, told=f"registry-edited-{name}")


@pytest.mark.parametrize(
    "verb", [("promote",), ("rollback", "--reason", "x"), ("verify",), ("registry", "show")], ids=lambda verb: verb[0]
)
def test_registry__that_was_edited_by_hand_stops_every_verb(released: Project, verb: tuple[str, ...]) -> None:
    edit_registry(released, *EDITS["event"])
    before = released.outside()
    ended = released.mlci(*verb)
    assert (ended.exit_code, ended.err.partition(":")[0]) == (4, "error[registry-broken]")
    assert released.outside() == before


def test_registry__that_was_set_back_is_refused_where_somebody_saw_more(merged: Project, refuses: Refuses) -> None:
    before = merged.git("ls-remote", "origin", "mlci/registry/tumour").split()[0]
    assert merged.mlci("promote").exit_code == 0
    merged.git("push", "--quiet", "--force", "origin", f"{before}:refs/heads/mlci/registry/tumour")
    refuses(merged, "promote", exit_code=4, told="registry-set-back")


@pytest.mark.parametrize(
    "reference",
    ["banana", "v9.9.9", "lung@v1.0.0", "#staging", "../nowhere", "v1", "tumour@production", "#Production"],
)
def test_reference__that_names_nothing(released: Project, refuses: Refuses, reference: str) -> None:
    name = reference.strip("#./").replace("@", "-").replace("#", "-").lower()
    refuses(released, "verify", reference, exit_code=2, told=f"reference-{name}")


def test_reference__to_a_folder_that_is_no_package(released: Project, refuses: Refuses) -> None:
    refuses(released, "verify", "../live", exit_code=2, told="reference-no-package")


def test_package__that_was_edited_is_not_verified(released: Project, refuses: Refuses) -> None:
    file = released.place / "live" / "current" / "README.md"
    file.write_text(file.read_text() + "Approved.\n")
    refuses(released, "verify", "../live/current", exit_code=4, told="package-edited")


def test_rollback__with_nothing_before_it(released: Project, refuses: Refuses) -> None:
    refuses(released, "rollback", "--reason", "misses large cells", exit_code=2, told="rollback-nothing-before")


def test_rollback__to_a_version_that_there_is_not(released: Project, refuses: Refuses) -> None:
    refuses(released, "rollback", "--reason", "x", "--version", "v0.9.0", exit_code=2, told="rollback-unknown-version")


def test_rollback__with_nothing_in_the_stage(fresh: Project, refuses: Refuses) -> None:
    refuses(fresh, "rollback", "--reason", "misses large cells", exit_code=2, told="rollback-nothing-in-stage")


def test_deployment__that_is_not_listed(released: Project, refuses: Refuses) -> None:
    refuses(released, "deploy", "life", exit_code=2, told="deploy-unknown")


def test_deployment__of_a_stage_that_is_empty(fresh: Project, refuses: Refuses) -> None:
    refuses(fresh, "deploy", "live", exit_code=2, told="deploy-nothing")


def test_store__that_cannot_be_written(trained: Project, refuses: Refuses) -> None:
    (trained.place / "models").write_text("a file")
    refuses(trained, "promote", exit_code=5, told="store-failed")


def test_target__that_cannot_be_written(released: Project, refuses: Refuses) -> None:
    shutil.rmtree(released.place / "live")
    (released.place / "live").write_text("a file")
    refuses(released, "deploy", "live", exit_code=5, told="target-failed")


def test_target__that_holds_something_else(released: Project, refuses: Refuses) -> None:
    (released.place / "live" / "current").unlink()
    (released.place / "live" / "current").mkdir()
    (released.place / "live" / "current" / "index.html").write_text("hello")
    refuses(released, "deploy", "live", exit_code=2, told="target-foreign")


def test_target__that_was_changed_by_hand(released: Project, refuses: Refuses) -> None:
    (released.place / "live" / "current" / "package.json").write_text("{}")
    refuses(released, "deploy", "live", exit_code=4, told="target-changed")
