from __future__ import annotations

import os
import random
import resource
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from mlci.adapters.git import REGISTRY_BRANCHES, REGISTRY_REFERENCES, GitRepository
from mlci.adapters.git_process import Git
from mlci.adapters.git_trees import CommitTree, WorkTree
from mlci.core.fetched import Fetched
from mlci.errors import IntegrityError, OutsideError, UsageError
from tests.adapters.clones import ENVIRON, Clone, bare_origin, clone_of, git
from tests.adapters.permissions import ANYBODY, as_anybody

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STRANGE = [
    "with space.csv",
    "größe.csv",
    "line\nbreak",
    'quote"d',
    "tab\there",
    "-option",
    "*",
    ":(top)x",
    "cr\r",
    "\\n",
]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return bare_origin(tmp_path / "origin.git")


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Clone:
    made = clone_of(origin, tmp_path / "clone")
    made.commit(data="1", code__train="2")
    made.git("push", "--quiet", "origin", "HEAD:main")
    return made


@pytest.fixture
def clone_for_anybody() -> Iterator[Clone]:
    """A clone in a folder that every user may enter, which belongs to the one that `as_anybody` makes of us."""
    with tempfile.TemporaryDirectory() as folder:
        made = clone_of(bare_origin(Path(folder, "origin.git")), Path(folder, "clone"))
        made.commit(data__a="1", b="2")
        made.write("b", "22")
        Path(folder).chmod(0o711)
        os.chown(made.folder, ANYBODY, -1)
        os.chown(made.folder / ".git", ANYBODY, -1)
        yield made


def trees_of(repository: GitRepository) -> dict[str, CommitTree | WorkTree]:
    return {"commit": repository.tree(repository.head()), "work tree": repository.work_tree()}


def test_open__git_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        GitRepository.open(tmp_path, Git({"PATH": "/nonexistent"}))
    assert caught.value.code == "git-missing"


def test_open__no_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        GitRepository.open(tmp_path, Git(ENVIRON | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}))
    assert caught.value.code == "no-repository"
    assert caught.value.hint == "git init, or go to the folder of your repository"


def test_open__no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        GitRepository.open(tmp_path / "missing", Git(ENVIRON))
    assert caught.value.code == "no-repository"


def test_open__a_bare_repository(origin: Path) -> None:
    with pytest.raises(UsageError) as caught:
        GitRepository.open(origin, Git(ENVIRON))
    assert caught.value.code == "no-repository"


@pytest.mark.parametrize("folder", [".", "sub"])
def test_open__no_commits(folder: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "sub").mkdir()
    with pytest.raises(UsageError) as caught:
        GitRepository.open(tmp_path / folder, Git(ENVIRON))
    assert caught.value.code == "no-commits"


def test_open__another_users_repository_is_explained(clone: Clone) -> None:
    with pytest.raises(UsageError) as caught:
        clone.open(GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert caught.value.code == "repository-not-trusted"
    assert caught.value.hint == f"git config --global --add safe.directory {clone.folder}"


def test_open__variables_of_a_hook_do_not_lead_elsewhere(clone: Clone, origin: Path) -> None:
    repository = clone.open(GIT_DIR=str(origin), GIT_INDEX_FILE="/nonexistent/index", GIT_WORK_TREE="/")
    assert repository.root == clone.folder
    assert repository.dirty_paths() == ()


def test_open__a_folder_below_the_root(clone: Clone) -> None:
    clone.commit(**{"modelle/größe 1/mlci.yaml": "x"})
    repository = clone.open("modelle/größe 1")
    assert (repository.prefix, repository.root) == ("modelle/größe 1/", clone.folder)
    assert list(repository.work_tree().ids()) == ["mlci.yaml"]


def test_head__and_branch(clone: Clone) -> None:
    repository = clone.open()
    assert repository.head() == clone.git("rev-parse", "HEAD")
    assert repository.branch() == "main"


def test_branch__with_slashes(clone: Clone) -> None:
    clone.git("switch", "--quiet", "--create", "feature/größe")
    assert clone.open().branch() == "feature/größe"


def test_branch__detached_head_is_none(clone: Clone) -> None:
    clone.git("switch", "--quiet", "--detach")
    repository = clone.open()
    assert repository.branch() is None
    assert repository.head() == clone.git("rev-parse", "main")


@pytest.mark.parametrize("revision", ["nothing", "--all", "-x", "HEAD\n", "HEAD:data", ""])
def test_resolve__what_names_no_commit(clone: Clone, revision: str) -> None:
    with pytest.raises(UsageError) as caught:
        clone.open().resolve(revision)
    assert caught.value.code == "unknown-revision"


def test_parents__of_a_merge_and_of_the_first_commit(clone: Clone) -> None:
    first = clone.git("rev-parse", "HEAD")
    clone.git("switch", "--quiet", "--create", "other")
    other = clone.commit(other="1")
    clone.git("switch", "--quiet", "main")
    main = clone.commit(main="1")
    clone.git("merge", "--quiet", "--no-ff", "--message", "merge", "other")
    repository = clone.open()
    assert repository.parents(repository.head()) == (main, other)
    assert repository.parents(first) == ()
    assert repository.is_ancestor(first, main)
    assert not repository.is_ancestor(main, other)


def test_subject__is_safe_to_show(clone: Clone) -> None:
    clone.git("commit", "--quiet", "--allow-empty", "--message", "größer \x1b[31m\n\nbody")
    repository = clone.open()
    assert repository.subject(repository.head()) == "größer \ufffd[31m"


def test_shallow_clone__parents_are_named_but_not_there(clone: Clone, origin: Path, tmp_path: Path) -> None:
    first = clone.git("rev-parse", "HEAD")
    clone.commit(data="2")
    clone.git("push", "--quiet", "origin", "main")
    repository = clone_of(origin, tmp_path / "shallow", "--depth=1").open()
    assert repository.parents(repository.head()) == (first,)
    assert not repository.has_commit(first)
    assert repository.has_commit(repository.head())
    with pytest.raises(OutsideError) as caught:
        repository.tree(first)
    assert caught.value.code == "git-object-missing"
    assert repository.fetch("main").base_commit == repository.head()


def test_dirty_paths__of_every_kind(clone: Clone) -> None:
    clone.commit(**{".gitignore": "ignored\n", "staged": "1", "deleted": "1", "changed": "1", "same": "1"})
    clone.write("staged", "2")
    clone.git("add", "staged")
    clone.write("changed", "2")
    (clone.folder / "deleted").unlink()
    for name in ["new", "ignored", ".mlci/report.md", *STRANGE]:
        clone.write(name, "new")
    repository = clone.open()
    assert repository.dirty_paths() == tuple(sorted(["staged", "changed", "deleted", "new", *STRANGE]))
    assert repository.untracked_paths() == tuple(sorted(["new", *STRANGE]))


def test_dirty_paths__only_below_the_folder(clone: Clone) -> None:
    clone.commit(model__mlci="1")
    clone.write("outside", "1")
    clone.write("model/inside", "1")
    assert clone.open("model").dirty_paths() == ("inside",)


def test_identity__from_the_configuration(clone: Clone) -> None:
    assert clone.open().identity() == "Ana Müller <ana@example.com>"


def test_identity__unknown(clone: Clone) -> None:
    clone.git("config", "--unset", "user.email")
    with pytest.raises(UsageError) as caught:
        clone.open().identity()
    assert caught.value.code == "no-identity"
    assert caught.value.hint == 'git config user.name "Your Name" && git config user.email you@example.com'


def test_fetch__brings_base_and_registries_and_nothing_else(clone: Clone, origin: Path, tmp_path: Path) -> None:
    other = clone_of(origin, tmp_path / "other")
    base = other.commit(data="2")
    other.git("tag", "a-tag")
    other.git("push", "--quiet", "origin", "main", "a-tag", "HEAD:refs/heads/mlci/registry/tumour")
    before = clone.git("for-each-ref").splitlines()
    clone.git("config", "fetch.prune", "true")
    assert clone.open().fetch() == Fetched(base, "main", "main")
    new = [f"{base} commit\trefs/mlci/base/main", f"{base} commit\trefs/mlci/registry/tumour"]
    assert sorted(clone.git("for-each-ref").splitlines()) == sorted([*before, *new])
    assert not (clone.folder / ".git/FETCH_HEAD").exists()


def test_fetch__removes_a_registry_that_is_gone_and_keeps_what_it_was(clone: Clone) -> None:
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/mlci/registry/old")
    clone.open().fetch("main")
    clone.git("push", "--quiet", "origin", ":refs/heads/mlci/registry/old")
    clone.open().fetch("main")
    kept = f"refs/mlci/lost/old/{clone.git('rev-parse', 'HEAD')[:12]}"
    assert clone.git("for-each-ref", "--format=%(refname)", "refs/mlci").splitlines() == ["refs/mlci/base/main", kept]


def test_fetch__a_branch_that_became_a_folder(clone: Clone) -> None:
    clone.git("push", "--quiet", "origin", "HEAD:release")
    clone.open().fetch("release")
    clone.git("push", "--quiet", "origin", ":release")
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/release/größe")
    assert clone.open().fetch("release/größe").base_commit == clone.git("rev-parse", "HEAD")


def test_fetch__while_another_one_in_this_clone_brings_the_same(clone: Clone, tmp_path: Path) -> None:
    clone.git("push", "--quiet", "origin", f"HEAD:{REGISTRY_BRANCHES}tumour")
    clone.open().fetch("main")
    somebody = clone_of(tmp_path / "origin.git", tmp_path / "elsewhere")
    tip = somebody.commit(data="2")
    somebody.git("push", "--quiet", "origin", f"HEAD:{REGISTRY_BRANCHES}tumour")
    # The other one is as fast as can be: it ends between what the origin sends and what Git makes of it.
    other = f"git -C {clone.folder} -c remote.origin.uploadpack=git-upload-pack fetch --quiet --refmap= origin"
    program = tmp_path / "upload-pack"
    program.write_text(
        f'#!/bin/sh\ngit-upload-pack "$@"\n[ -e {tmp_path}/once ] || {{ touch {tmp_path}/once; '
        f"{other} +{REGISTRY_BRANCHES}tumour:{REGISTRY_REFERENCES}tumour; }}\n"
    )
    program.chmod(0o755)
    clone.git("config", "remote.origin.uploadpack", str(program))
    clone.open().fetch("main")
    assert (tmp_path / "once").exists()
    assert clone.git("rev-parse", f"{REGISTRY_REFERENCES}tumour") == tip


def test_fetch__where_a_killed_git_left_a_lock(clone: Clone) -> None:
    clone.git("push", "--quiet", "origin", f"HEAD:{REGISTRY_BRANCHES}tumour")
    lock = clone.write(f".git/{REGISTRY_REFERENCES}tumour.lock", "")
    with pytest.raises(OutsideError) as caught:
        clone.open().fetch("main")
    assert (caught.value.code, str(lock) in caught.value.problem) == ("clone-locked", True)


def test_fetch__no_origin(clone: Clone) -> None:
    clone.git("remote", "remove", "origin")
    with pytest.raises(UsageError) as caught:
        clone.open().fetch()
    assert caught.value.code == "no-origin"
    assert caught.value.hint == "git remote add origin URL && git push -u origin HEAD"


def test_fetch__no_such_branch(clone: Clone) -> None:
    with pytest.raises(UsageError) as caught:
        clone.open().fetch("missing")
    assert caught.value.code == "no-base-branch"


@pytest.mark.parametrize("branch", ["--upload-pack=touch /tmp/x", "a b", "+main", "main:refs/heads/evil"])
def test_fetch__a_name_that_is_more_than_a_name(clone: Clone, branch: str) -> None:
    before = clone.git("for-each-ref")
    with pytest.raises(UsageError):
        clone.open().fetch(branch)
    assert clone.git("for-each-ref") == before


def test_fetch__origin_is_gone_and_its_password_is_not_told(clone: Clone) -> None:
    clone.git("remote", "set-url", "origin", "http://me:s3cret@127.0.0.1:9/x.git")
    with pytest.raises(OutsideError) as caught:
        clone.open().fetch("main")
    assert caught.value.code == "origin-failed"
    assert "http://127.0.0.1:9/x.git" in caught.value.problem
    assert "s3cret" not in str(caught.value.to_dict())


def test_fetch__an_origin_that_does_not_answer(clone: Clone, tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\nsleep 60\n")
    ssh.chmod(0o755)
    clone.git("remote", "set-url", "origin", "ssh://host/x.git")
    hurried = Git(ENVIRON | {"GIT_SSH": str(ssh)}, network_timeout_seconds=0.3)
    with pytest.raises(OutsideError) as caught:
        GitRepository.open(clone.folder, hurried).fetch("main")
    assert caught.value.code == "git-timeout"


def test_default_branch__renamed(clone: Clone, origin: Path) -> None:
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/trunk")
    git(origin, "symbolic-ref", "HEAD", "refs/heads/trunk")
    assert clone.open().default_branch() == "trunk"


def test_default_branch__of_an_empty_origin(clone: Clone, tmp_path: Path) -> None:
    clone.git("remote", "set-url", "origin", f"file://{bare_origin(tmp_path / 'empty.git')}")
    with pytest.raises(UsageError) as caught:
        clone.open().default_branch()
    assert caught.value.code == "no-default-branch"


def test_run__a_failure_is_told_in_gits_words(clone: Clone) -> None:
    with pytest.raises(OutsideError) as caught:
        Git(ENVIRON).run(["log", "--no-such-option"], folder=clone.folder)
    assert caught.value.problem.startswith("git log failed (exit code 128): fatal: unrecognized argument")


def test_tree__of_a_commit(clone: Clone) -> None:
    commit = clone.commit(**{f"model/{name}": name for name in STRANGE})
    for name in STRANGE:
        clone.write(f"model/{name}", "changed after the commit")
    tree = clone.open("model").tree(commit)
    assert sorted(tree.ids()) == sorted(STRANGE)
    assert {name: tree.read(name) for name in STRANGE} == {name: name.encode() for name in STRANGE}
    assert tree.label == commit[:12]


def test_tree__a_folder_that_the_commit_does_not_have(clone: Clone) -> None:
    before = clone.git("rev-parse", "HEAD")
    clone.commit(model__mlci="1")
    tree = clone.open("model").tree(before)
    assert (dict(tree.ids()), tree.read("mlci")) == ({}, None)


@pytest.mark.parametrize("label", ["commit", "work tree"])
@pytest.mark.parametrize("path", ["link", "folder/inside"])
def test_tree__a_symlink_is_not_followed(clone: Clone, label: str, path: str) -> None:
    (clone.folder / "link").symlink_to("data")
    (clone.folder / "folder").symlink_to("code")
    clone.write("code/inside", "1")
    clone.commit()
    repository = clone.open()
    tree = trees_of(repository)[label]
    with pytest.raises(IntegrityError) as caught:
        tree.read(path)
    assert caught.value.code == "symlink"
    with pytest.raises(IntegrityError):
        tree.materialise(path, clone.folder / ".mlci")
    assert tree.ids()["link"] == clone.git("rev-parse", "HEAD:link")


@pytest.mark.parametrize(
    ("label", "hint"), [("commit", "git add missing, commit it"), ("work tree", "git checkout HEAD -- missing")]
)
def test_tree__a_file_that_is_missing_is_mended_where_it_is_missing(clone: Clone, label: str, hint: str) -> None:
    repository = clone.open()
    with pytest.raises(UsageError) as caught:
        trees_of(repository)[label].materialise("missing", clone.folder / ".mlci")
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize("label", ["commit", "work tree"])
def test_tree__what_is_no_file_is_none(clone: Clone, label: str) -> None:
    os.mkfifo(clone.folder / "fifo")
    repository = clone.open()
    tree = trees_of(repository)[label]
    assert [tree.read(path) for path in ("missing", "code", "code/missing/x", "data/x", "fifo")] == [None] * 5
    with pytest.raises(UsageError) as caught:
        tree.materialise("missing", clone.folder / ".mlci")
    assert caught.value.code == "data-missing"


@pytest.mark.parametrize("label", ["commit", "work tree"])
@pytest.mark.parametrize("path", ["../clone/data", "/etc/passwd", ".git/config", "code/../data"])
def test_tree__paths_stay_below_the_folder(clone: Clone, label: str, path: str) -> None:
    repository = clone.open()
    tree = trees_of(repository)[label]
    with pytest.raises(UsageError) as caught:
        tree.read(path)
    assert caught.value.code == "bad-path"


@pytest.mark.parametrize("label", ["commit", "work tree"])
def test_tree__a_large_file_is_not_read_whole(clone: Clone, label: str) -> None:
    clone.commit(large="x" * 1001)
    repository = clone.open()
    tree = trees_of(repository)[label]
    assert tree.read("large", limit_bytes=1001) == b"x" * 1001
    with pytest.raises(IntegrityError) as caught:
        tree.read("large", limit_bytes=1000)
    assert caught.value.code == "too-large"


def test_materialise__from_a_commit_once_and_again_when_damaged(clone: Clone) -> None:
    content = "0123456789" * 300_000
    commit = clone.commit(**{"with space/größe": content})
    folder = clone.folder / ".mlci/objects"
    tree = clone.open().tree(commit)
    file = tree.materialise("with space/größe", folder)
    assert file == folder / tree.ids()["with space/größe"]
    assert file.read_text() == content
    written = file.stat().st_mtime_ns, file.stat().st_ino
    tree.materialise("with space/größe", folder)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == written
    file.write_text("9" * len(content))
    assert tree.materialise("with space/größe", folder).read_text() == content
    assert [path.name for path in folder.iterdir()] == [file.name]


def test_materialise__from_the_work_tree_is_the_file_itself(clone: Clone) -> None:
    assert clone.open().work_tree().materialise("data", Path("/nonexistent")) == clone.folder / "data"


def test_work_tree_ids__are_what_a_commit_would_have(clone: Clone) -> None:
    clone.commit(**{".gitignore": "ignored\n", "deleted": "1", "model/changed": "1"})
    (clone.folder / "deleted").unlink()
    clone.write("model/changed", "2")
    for name in ["new/file", "ignored", *STRANGE]:
        clone.write(name, name)
    (clone.folder / "link").symlink_to("data")
    repository = clone.open()
    ids = dict(repository.work_tree().ids())
    assert ids == dict(repository.tree(clone.commit()).ids())
    assert "deleted" not in ids
    assert "ignored" not in ids


@pytest.mark.parametrize("closed", ["data/a", "data"])
def test_work_tree__a_file_that_may_not_be_read_is_named_with_its_whole_path(
    clone_for_anybody: Clone, closed: str
) -> None:
    (clone_for_anybody.folder / closed).chmod(0)
    with as_anybody(), pytest.raises(PermissionError) as caught:
        clone_for_anybody.open().work_tree().read("data/a")
    assert (caught.value.filename, caught.value.strerror) == ("data/a", "Permission denied")


def test_work_tree_ids__a_changed_file_that_may_not_be_read_is_named(clone_for_anybody: Clone) -> None:
    (clone_for_anybody.folder / "b").chmod(0)
    with as_anybody(), pytest.raises(PermissionError) as caught:
        clone_for_anybody.open().work_tree().ids()
    assert (caught.value.filename, caught.value.strerror) == ("b", "Permission denied")


@pytest.mark.parametrize("flag", ["--no-assume-unchanged", "--assume-unchanged"])
def test_work_tree_ids__a_file_replaced_by_a_pipe(clone: Clone, flag: str) -> None:
    clone.git("update-index", flag, "data")
    (clone.folder / "data").unlink()
    os.mkfifo(clone.folder / "data")
    with pytest.raises(UsageError) as caught:
        clone.open().work_tree().ids()
    assert (caught.value.code, caught.value.where) == ("not-a-file", "data")


@pytest.mark.parametrize("flag", ["--no-assume-unchanged", "--assume-unchanged"])
def test_work_tree_ids__a_file_replaced_by_a_folder(clone: Clone, flag: str) -> None:
    clone.git("update-index", flag, "data")
    (clone.folder / "data").unlink()
    (clone.folder / "data").mkdir()
    assert "data" not in clone.open().work_tree().ids()


def test_work_tree_ids__a_folder_replaced_by_a_link(clone: Clone) -> None:
    (clone.folder / "code").rename(clone.folder / "moved")
    (clone.folder / "code").symlink_to("moved")
    repository = clone.open()
    ids = dict(repository.work_tree().ids())
    assert ids == dict(repository.tree(clone.commit()).ids())
    assert "code/train" not in ids


@pytest.mark.parametrize("setting", ["core.trustctime=false", "core.checkStat=minimal"])
def test_work_tree_ids__an_edit_of_equal_size_and_time(clone: Clone, setting: str) -> None:
    clone.git("config", *setting.split("="))
    file = clone.folder / "data"
    before = file.stat()
    clone.git("update-index", "--refresh")
    file.write_text("3")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    repository = clone.open()
    assert repository.work_tree().ids()["data"] == clone.git("hash-object", "data")
    assert repository.dirty_paths() == ("data",)


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_work_tree_ids__a_file_that_git_was_told_to_overlook(clone: Clone, flag: str) -> None:
    clone.git("update-index", flag, "data", "code/train")
    clone.write("data", "3")
    (clone.folder / "code/train").unlink()
    ids = clone.open().work_tree().ids()
    assert dict(ids) == {"data": clone.git("hash-object", "data")}


def test_work_tree_ids__during_a_conflict(clone: Clone) -> None:
    clone.git("switch", "--quiet", "--create", "other")
    clone.commit(data="other")
    clone.git("switch", "--quiet", "main")
    clone.commit(data="main")
    with pytest.raises(subprocess.CalledProcessError):
        clone.git("merge", "other")
    repository = clone.open()
    assert repository.work_tree().ids()["data"] == clone.git("hash-object", "data")
    assert repository.dirty_paths() == ("data",)


def test_work_tree_ids__line_ends_as_git_would_store_them(clone: Clone) -> None:
    clone.commit(**{".gitattributes": "*.csv text eol=lf\n"})
    clone.write("new.csv", "a\r\nb\r\n")
    repository = clone.open()
    ids = repository.work_tree().ids()
    assert ids["new.csv"] == repository.tree(clone.commit()).ids()["new.csv"]


def cpu_seconds_of_children() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def test_work_tree__a_large_file_is_hashed_without_being_packed(clone: Clone) -> None:
    """Git packs what is larger than this before it knows its hash, which takes ten times as long."""
    clone.git("config", "core.bigFileThreshold", "1m")
    content = random.Random(0).randbytes(16 << 20)  # noqa: S311 - bytes that cannot be packed
    (clone.folder / "large").write_bytes(content)
    clone.git("add", "large")
    (clone.folder / "large").write_bytes(content[::-1])
    start = cpu_seconds_of_children()
    expected = clone.git("hash-object", "large")
    packed = cpu_seconds_of_children()
    tree = clone.open().work_tree()

    assert tree.ids()["large"] == expected
    assert cpu_seconds_of_children() - packed < (packed - start) * 0.75


class Noting(Git):
    """One that notes what it is asked."""

    asked: list[Sequence[str]]

    @override
    def run(self, arguments: Sequence[str], *, folder: Path, stdin: bytes = b"", network: bool = False) -> bytes:
        self.asked.append(arguments)
        return super().run(arguments, folder=folder, stdin=stdin, network=network)


def test_ids_above__git_is_asked_for_locks_only_and_once_about_a_commit(tmp_path: Path) -> None:
    clone = clone_of(bare_origin(tmp_path / "origin.git"), tmp_path / "clone")
    clone.commit(**{"model__mlci.yaml": "", "uv.lock": "", "base.txt": "", "train.py": "", "shared__a.py": ""})
    repository = clone.open("model")
    git = Noting(ENVIRON)
    git.asked = []
    commit = CommitTree(git, clone.folder, "model/", repository.head())
    assert commit.ids_above(["../*", "../shared"]) == commit.ids_above(["../*", "../shared"])
    places = [arguments[arguments.index(repository.head()) + 1 :] for arguments in git.asked]
    assert places == [[], ["--", "shared"]]
    assert ["-r" in arguments for arguments in git.asked] == [False, True]
    git.asked = []
    WorkTree(git, clone.folder, "model/").ids_above(["../*"])
    assert [arguments[arguments.index("--") :] for arguments in git.asked] == [["--", "base.txt", "uv.lock"]] * 2
