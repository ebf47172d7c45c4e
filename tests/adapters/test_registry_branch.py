from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.git_process import Git
from mlci.adapters.registry_branch import GitRegistry
from mlci.core.registry import Registry
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError
from tests.adapters.clones import ENVIRON, Clone, bare_origin, clone_of, git, with_a_commit
from tests.core.plans import a_promotion

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.registry import Change

EMPTY = Registry.empty("tumour")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return bare_origin(tmp_path / "origin.git")


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Clone:
    return with_a_commit(clone_of(origin, tmp_path / "clone"))


def promote(clone: Clone, letter: str) -> Change:
    repository = clone.open()
    repository.fetch("main")
    registry = GitRegistry(repository)
    loaded = registry.load("tumour")
    change = a_promotion(loaded.registry, letter)
    registry.push("tumour", change, loaded.commit)
    return change


def refused(clone: Clone, letter: str = "a") -> MlciError:
    """Try a promotion that must fail, see that nothing at all changed, and return the error."""
    before = clone.git("for-each-ref"), clone.git("ls-remote", "origin"), clone.git("status", "--porcelain")
    registry = GitRegistry(clone.open())
    loaded = registry.load("tumour")
    with pytest.raises(MlciError) as caught:
        registry.push("tumour", a_promotion(loaded.registry, letter), loaded.commit)
    assert (clone.git("for-each-ref"), clone.git("ls-remote", "origin"), clone.git("status", "--porcelain")) == before
    return caught.value


def test_push__is_readable_with_plain_git(clone: Clone, origin: Path) -> None:
    promote(clone, "a")
    promote(clone, "b")
    branch = "mlci/registry/tumour"
    assert git(origin, "log", "--format=%an <%ae> %aI %s", branch).splitlines() == [
        "Ana Müller <ana@example.com> 2026-01-31T12:00:00+00:00 tumour: v1.1.0 into production",
        "Ana Müller <ana@example.com> 2026-01-31T12:00:00+00:00 tumour: v1.0.0 into production",
    ]
    assert git(origin, "ls-tree", "-r", "--name-only", branch).splitlines() == [
        "README.md",
        "events/000001.json",
        "events/000002.json",
        "events/000003.json",
        "events/000004.json",
        "stages/production.json",
        "versions/v1.0.0.json",
        "versions/v1.1.0.json",
    ]
    git(origin, "fsck", "--strict", "--full")
    tip = git(origin, "rev-parse", branch)
    tags = git(origin, "for-each-ref", "--format=%(refname:short) %(objecttype) %(*objectname)", "refs/tags")
    assert tags.splitlines() == [
        f"tumour#production#2 tag {git(origin, 'rev-parse', f'{tip}^')}",
        f"tumour#production#4 tag {tip}",
        f"tumour@v1.0.0 tag {git(origin, 'rev-parse', f'{tip}^')}",
        f"tumour@v1.1.0 tag {tip}",
    ]


def test_push__the_chain_is_checked_with_sha256sum(clone: Clone, origin: Path) -> None:
    promote(clone, "a")
    promote(clone, "b")
    events = [
        subprocess.run(
            ["git", "-C", origin, "show", f"mlci/registry/tumour:events/00000{sequence}.json"],
            check=True,
            capture_output=True,
        ).stdout
        for sequence in range(1, 5)
    ]
    assert all(f'"previous": "{hashlib.sha256(one).hexdigest()}"'.encode() in after for one, after in pairwise(events))


def test_push__makes_no_branch_and_no_tag_here(clone: Clone) -> None:
    before = clone.git("for-each-ref").splitlines()
    promote(clone, "a")
    new = sorted(set(clone.git("for-each-ref").splitlines()) - set(before))
    # The last one is Git's own record of what it pushed, as after every push.
    names = ["refs/mlci/base/main", "refs/mlci/registry/tumour", "refs/remotes/origin/mlci/registry/tumour"]
    assert sorted(line.split("\t")[1] for line in new) == names
    assert clone.git("status", "--porcelain") == ""


def test_push__an_old_record_of_a_foreign_branch_does_not_matter(clone: Clone) -> None:
    clone.git("update-ref", "refs/remotes/origin/mlci", "HEAD")
    promote(clone, "a")
    assert promote(clone, "b").version == "v1.1.0"


def test_push__is_the_same_commit_wherever_it_is_made(clone: Clone, tmp_path: Path) -> None:
    change = a_promotion(EMPTY, "a")
    other = with_a_commit(clone_of(bare_origin(tmp_path / "other.git"), tmp_path / "other"))
    other.git("config", "user.name", "Somebody Else")
    one = GitRegistry(clone.open()).push("tumour", change, None)
    assert GitRegistry(other.open()).push("tumour", change, None) == one


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("commit.gpgsign", "true"),
        ("tag.gpgsign", "true"),
        ("push.gpgsign", "true"),
        ("push.followTags", "true"),
        ("push.default", "nothing"),
        ("push.pushOption", "ci.skip"),
        ("core.hooksPath", "hooks"),
        ("core.quotePath", "true"),
        ("i18n.commitEncoding", "ISO-8859-1"),
    ],
)
def test_push__the_users_configuration_does_not_matter(clone: Clone, origin: Path, key: str, value: str) -> None:
    for hook in ("pre-push", "pre-commit", "commit-msg", "reference-transaction-none"):
        clone.write(f"hooks/{hook}", "#!/bin/sh\nexit 1\n").chmod(0o755)
    clone.git("tag", "--annotate", "--message", "mine", "users-own")
    clone.git("config", key, value)
    promote(clone, "a")
    assert "users-own" not in git(origin, "tag")
    assert GitRegistry(clone.open()).load("tumour").registry.expectation("production").version == "v1.0.0"


def test_push__from_a_folder_below_the_root_and_a_detached_head(clone: Clone) -> None:
    clone.commit(**{"modelle/größe 1/mlci.yaml": "x"})
    clone.git("switch", "--quiet", "--detach")
    repository = clone.open("modelle/größe 1")
    change = a_promotion(EMPTY, "a")
    GitRegistry(repository).push("tumour", change, None)
    repository.fetch("main")
    assert GitRegistry(repository).load("tumour").registry == change.after


def test_push__from_a_shallow_clone_without_tags(clone: Clone, origin: Path, tmp_path: Path) -> None:
    promote(clone, "a")
    clone.commit(data="2")
    clone.git("push", "--quiet", "origin", "main")
    shallow = clone_of(origin, tmp_path / "shallow", "--depth=1", "--no-tags")
    change = promote(shallow, "b")
    assert change.version == "v1.1.0"
    assert git(origin, "rev-list", "--count", "mlci/registry/tumour") == "2"


def test_push__in_a_repository_of_sha256_names(tmp_path: Path) -> None:
    origin = bare_origin(tmp_path / "origin.git", "sha256")
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    git(folder, "remote", "add", "origin", f"file://{origin}")
    git(folder, "config", "user.name", "Ana")
    git(folder, "config", "user.email", "ana@example.com")
    clone = with_a_commit(Clone(folder))
    promote(clone, "a")
    assert promote(clone, "b").version == "v1.1.0"
    git(origin, "fsck", "--strict", "--full")


def test_push__rejected_by_a_hook(clone: Clone, origin: Path) -> None:
    hook = origin / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nprintf 'GH013: \\033[31mmlci/** is protected\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    error = refused(clone)
    assert (type(error), error.code) == (OutsideError, "push-rejected")
    assert error.problem.startswith("the origin refused the push to mlci/registry/tumour: ")
    assert "GH013: \ufffd[31mmlci/** is protected" in error.problem


def test_push__a_tag_that_the_origin_refuses_stops_the_branch_too(clone: Clone, origin: Path) -> None:
    hook = origin / "hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) echo "no tags" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    assert refused(clone).code == "push-rejected"


@pytest.mark.parametrize("name", ["mlci", "mlci/registry", "mlci/registry/tumour/x"])
def test_push__a_foreign_branch_is_in_the_way(clone: Clone, name: str) -> None:
    clone.git("push", "--quiet", "origin", f"HEAD:refs/heads/{name}")
    error = refused(clone)
    assert (type(error), error.code, error.where) == (UsageError, "foreign-branch", name)
    hint = f"Rename it: git fetch origin {name} && git push origin FETCH_HEAD:refs/heads/OTHER :refs/heads/{name}"
    assert error.hint == hint


def test_push__the_hint_about_a_foreign_branch_mends_it(clone: Clone) -> None:
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/mlci")
    clone.git("fetch", "--quiet", "origin", "mlci")
    clone.git("push", "--quiet", "origin", "FETCH_HEAD:refs/heads/OTHER", ":refs/heads/mlci")
    assert promote(clone, "a").version == "v1.0.0"


@pytest.mark.parametrize("tag", ["tumour@v1.0.0", "tumour#production#2"])
def test_push__a_foreign_tag(clone: Clone, tag: str) -> None:
    clone.git("push", "--quiet", "origin", f"HEAD:refs/tags/{tag}")
    error = refused(clone)
    assert (type(error), error.code, error.where) == (IntegrityError, "foreign-tag", tag)


def test_push__the_branch_was_removed_meanwhile(clone: Clone, origin: Path) -> None:
    promote(clone, "a")
    tip = clone.git("rev-parse", "refs/mlci/registry/tumour")
    git(origin, "update-ref", "-d", "refs/heads/mlci/registry/tumour")
    error = refused(clone, "b")
    assert error.code == "stale-promotion"
    assert error.problem.startswith("the branch mlci/registry/tumour was removed while this was decided")
    assert f"`git push origin {tip}:refs/heads/mlci/registry/tumour`" in (error.hint or "")


def test_push__the_branch_was_wound_back(clone: Clone, origin: Path) -> None:
    promote(clone, "a")
    promote(clone, "b")
    git(origin, "update-ref", "refs/heads/mlci/registry/tumour", "mlci/registry/tumour^")
    registry = GitRegistry(clone.open())
    loaded = registry.load("tumour")
    with pytest.raises(IntegrityError) as caught:
        registry.push("tumour", a_promotion(loaded.registry, "c"), loaded.commit)
    assert caught.value.code == "branch-rewritten"
    assert "it lacks event 3 (register v1.1.0) by Ana Müller <ana@example.com>, event 4" in caught.value.problem


def test_push__the_origin_is_gone(clone: Clone, origin: Path) -> None:
    loaded = GitRegistry(clone.open()).load("tumour")
    origin.rename(origin.with_name("moved.git"))
    before = clone.git("for-each-ref")
    with pytest.raises(OutsideError) as caught:
        GitRegistry(clone.open()).push("tumour", a_promotion(loaded.registry, "a"), loaded.commit)
    assert caught.value.code == "origin-failed"
    assert clone.git("for-each-ref") == before


def test_push__an_answer_that_was_lost_is_no_failure(clone: Clone, origin: Path) -> None:
    hook = origin / "hooks/post-receive"
    hook.parent.mkdir(exist_ok=True)
    # The references are written; then the connection breaks before the answer.
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")
    hook.chmod(0o755)
    change = promote(clone, "a")
    hook.unlink()
    assert GitRegistry(clone.open()).load("tumour").registry == change.after


def test_push__whose_answer_was_lost_while_somebody_followed_is_no_failure(clone: Clone, origin: Path) -> None:
    loaded = GitRegistry(clone.open()).load("tumour")
    hook = origin / "hooks/post-receive"
    hook.parent.mkdir(exist_ok=True)
    # Somebody's next commit stands on ours before the connection breaks.
    hook.write_text(
        "#!/bin/sh\nread old new name\n"
        "git update-ref $name $(git -c user.name=Ben -c user.email=b commit-tree $new^{tree} -p $new -m next)\n"
        "kill -9 $PPID\n"
    )
    hook.chmod(0o755)
    change = a_promotion(loaded.registry, "a")
    written = GitRegistry(clone.open()).push("tumour", change, loaded.commit)
    now = GitRegistry(clone.open()).load("tumour")
    assert now.registry == change.after
    tip = git(origin, "rev-parse", "mlci/registry/tumour")
    assert (now.commit, git(origin, "rev-parse", f"{tip}^")) == (tip, written)


def test_push__twice_the_same_change_arrives_once(clone: Clone, origin: Path) -> None:
    change = a_promotion(EMPTY, "a")
    registry = GitRegistry(clone.open())
    assert registry.push("tumour", change, None) == registry.push("tumour", change, None)
    assert git(origin, "rev-list", "--count", "mlci/registry/tumour") == "1"


RACER = """
import sys
import uuid
from pathlib import Path
from mlci.adapters.git import GitRepository
from mlci.adapters.git_process import Git
from mlci.adapters.registry_branch import GitRegistry
from mlci.errors import MlciError
from tests.adapters.clones import ENVIRON
from tests.core.plans import a_promotion
registry = GitRegistry(GitRepository.open(Path(sys.argv[1]), Git(ENVIRON)))
loaded = registry.load("tumour")
print("ready", flush=True)
sys.stdin.readline()
try:
    change = a_promotion(loaded.registry, sys.argv[2], uuids=iter(uuid.uuid4, None))
    registry.push("tumour", change, loaded.commit)
    print("won")
except MlciError as error:
    print(error.code, error.problem)
"""


@pytest.mark.parametrize("present", ["", "a"])
def test_push__of_many_processes_exactly_one_wins(clone: Clone, origin: Path, tmp_path: Path, present: str) -> None:
    for letter in present:
        promote(clone, letter)
    racers = []
    for letter in "bcdef":
        one = clone_of(origin, tmp_path / letter)
        one.open().fetch("main")
        command = [sys.executable, "-c", RACER, str(one.folder), letter]
        racers.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    told = sorted(racer.communicate(timeout=60)[0].split()[0] for racer in racers)
    assert told == ["stale-promotion"] * 4 + ["won"]
    clone.open().fetch("main")
    registry = GitRegistry(clone.open()).load("tumour").registry
    assert registry.sequence == 2 * len(present) + 2


def test_load__a_branch_that_is_no_registry(clone: Clone) -> None:
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/mlci/registry/tumour")
    clone.open().fetch("main")
    with pytest.raises(IntegrityError) as caught:
        GitRegistry(clone.open()).load("tumour")
    assert caught.value.code == "foreign-branch"
    assert caught.value.hint == (
        "Rename it: git push origin refs/mlci/registry/tumour:refs/heads/OTHER :refs/heads/mlci/registry/tumour"
    )


def edit(clone: Clone, path: str, content: str) -> None:
    """Change a file of the registry as a person would: on a branch, with a commit and a push."""
    clone.git("switch", "--quiet", "--create", "edit", "refs/mlci/registry/tumour")
    clone.write(path, content)
    clone.commit()
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/mlci/registry/tumour")


def test_load__an_event_that_was_edited_by_hand(clone: Clone) -> None:
    promote(clone, "a")
    edited = clone.git("show", "refs/mlci/registry/tumour:events/000001.json").replace("better", "worse")
    edit(clone, "events/000001.json", edited + "\n")
    clone.open().fetch("main")
    with pytest.raises(IntegrityError) as caught:
        GitRegistry(clone.open()).load("tumour")
    assert (caught.value.code, caught.value.where) == ("registry-broken", "events/000001.json")


@pytest.mark.parametrize("path", ["events/sub/000001.json", "note", "stages/x.txt"])
def test_load__a_file_that_does_not_belong_there(clone: Clone, path: str) -> None:
    promote(clone, "a")
    edit(clone, path, "x")
    clone.open().fetch("main")
    with pytest.raises(IntegrityError) as caught:
        GitRegistry(clone.open()).load("tumour")
    assert caught.value.code == "registry-broken"


def test_load__a_symlink_does_not_belong_there(clone: Clone) -> None:
    promote(clone, "a")
    clone.git("switch", "--quiet", "--create", "edit", "refs/mlci/registry/tumour")
    (clone.folder / "stages/other.json").symlink_to("production.json")
    clone.commit()
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/mlci/registry/tumour")
    clone.open().fetch("main")
    with pytest.raises(IntegrityError, match=r"broken at stages/other\.json: it is no plain file"):
        GitRegistry(clone.open()).load("tumour")


def test_load__and_push_take_few_processes(clone: Clone, tmp_path: Path) -> None:
    """A promotion is one push and at most six Git processes; a load is two: its files, and what was lost of them."""
    log = tmp_path / "log"
    counted = tmp_path / "bin/git"
    counted.parent.mkdir()
    counted.write_text(f'#!/bin/sh\necho x >> "{log}"\nexec git "$@"\n')
    counted.chmod(0o755)
    promote(clone, "a")
    repository = clone.open()
    repository.git = Git(ENVIRON, program=str(counted))
    registry = GitRegistry(repository)
    loaded = registry.load("tumour")
    assert log.read_text().count("x") == 2
    registry.push("tumour", a_promotion(loaded.registry, "b"), loaded.commit)
    assert log.read_text().count("x") == 6
