"""The verbs about versions and the registry itself, as a user types them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import ROOT, Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Golden
    from tests.e2e.conftest import Refuses


def told(project: Project, *verbs: tuple[str, ...]) -> str:
    """Return what a terminal shows of these verbs, one after the other."""
    shown = []
    for verb in verbs:
        ended = project.mlci(*verb)
        code = f"(exit code {ended.exit_code})\n" if ended.exit_code else ""
        shown.append(f"$ mlci {' '.join(verb)}\n{ended.err}{ended.out}{code}")
    return project.told("\n".join(shown))


def test_verify__a_folder_that_is_called_like_a_version_does_not_answer_for_it(released: Project) -> None:
    shutil.copytree(released.folder / ".mlci" / "candidate", released.folder / "v9.0.0")
    for verb in (("verify", "v9.0.0"), ("predict", "v9.0.0", "data/holdout.csv")):
        ended = released.mlci(*verb)
        assert (ended.exit_code, "v9.0.0 is not in the registry of" in ended.err, "./v9.0.0" in ended.err) == (
            2,
            True,
            True,
        )
    assert released.mlci("verify", "./v9.0.0").exit_code == 0


def test_life__of_a_version_in_the_registry(promoted: Project, golden: Golden) -> None:
    shown = told(
        promoted,
        ("quarantine", "v2.0.0", "--reason", "leaked labels"),
        ("quarantine", "v1.0.0", "--reason", "leaked labels"),
        ("quarantine", "v1.0.0", "--reason", "leaked labels"),
        ("rollback", "--version", "v1.0.0", "--reason", "x"),
        ("readmit", "v1.0.0", "--reason", "the labels were right after all"),
        ("rollback", "--expect", "v1.0.0", "--reason", "misses large cells"),
        ("rollback", "--expect", "v2.0.0", "--reason", "misses large cells"),
        ("rollback", "--expect", "v2.0.0", "--reason", "misses large cells"),
        ("deprecate", "v2.0.0", "--reason", "nobody will mend it"),
        ("registry", "list"),
        ("registry", "history"),
        ("registry", "history", "v2.0.0"),
        ("registry", "repair"),
    )
    golden("terminal/registry.txt", shown)


def test_life__of_a_first_version_that_was_bad(released: Project, golden: Golden) -> None:
    shown = told(
        released,
        ("quarantine", "v1.0.0", "--reason", "leaked labels"),
        ("rollback", "--reason", "leaked labels"),
        ("rollback", "--expect", "v1.0.0", "--version", "none", "--reason", "leaked labels"),
        ("rollback", "--expect", "v1.0.0", "--version", "none", "--reason", "leaked labels"),
        ("deploy", "live"),
        ("registry", "list"),
        ("registry", "history"),
        ("registry", "repair"),
    )
    golden("terminal/registry-emptied.txt", shown)


@pytest.mark.parametrize(
    ("verb", "schema"),
    [
        (("registry", "list"), "mlci/registry-list/1"),
        (("registry", "history"), "mlci/registry-history/1"),
        (("registry", "repair"), "mlci/registry-repair/1"),
        (("registry", "show", "v2.0.0"), "mlci/registry-show/1"),
        (("registry", "export", "--html", "../registry.html"), "mlci/registry-export/1"),
        (("registry", "gc"), "mlci/registry-gc/1"),
        (("registry", "sync"), "mlci/registry-sync/1"),
        (("pull", "#production"), "mlci/pull/1"),
        (("verify",), "mlci/verify/1"),
        (("deploy", "live", "--no-record"), "mlci/deploy/1"),
        (("registry", "deployed", "live", "v1.0.0"), "mlci/registry-deployed/1"),
        (("rollback", "--reason", "x"), "mlci/rollback/1"),
        (("deprecate", "v1.0.0", "--reason", "x"), "mlci/deprecate/1"),
        (("quarantine", "v1.0.0", "--reason", "x"), "mlci/quarantine/1"),
        (("readmit", "v1.0.0", "--reason", "x"), "mlci/readmit/1"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else None,
)
def test_json__names_its_schema_and_has_the_documented_keys(
    promoted: Project, verb: tuple[str, ...], schema: str
) -> None:
    ended = promoted.mlci(*verb, "--json")
    assert ended.exit_code == 0, ended.err
    answer = json.loads(ended.out)
    assert answer.pop("schema") == schema
    answer.pop("inputs", None)  # by the names of data sets
    answer.pop("stages", None)
    assert keys(answer) - documented(" ".join(verb[:2]) if verb[0] == "registry" else verb[0]) == set()


def keys(value: object) -> set[str]:
    """Return the name of every key in VALUE, however deep."""
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def documented(verb: str) -> set[str]:
    """Return the keys that the page of the registry names for the answer of a verb, also those `above`."""
    section = (ROOT / "docs" / "registry.md").read_text().partition("## For programs")[2].partition("\n## ")[0]
    rows = {row.split("|")[1]: row for row in section.splitlines() if row.startswith("| `")}
    own = next(row for verbs, row in rows.items() if f"`{verb}`" in verbs)
    above = [row for name, row in rows.items() if "above" in own and name in {" `registry list` ", " `registry show` "}]
    return {key for row in (own, *above) for key in re.findall(r"`([a-z0-9_]+)`", row)}


def test_show__tells_what_is_known_of_a_version(promoted: Project, golden: Golden) -> None:
    golden("terminal/registry-show.txt", told(promoted, ("registry", "show", "v2.0.0")))


def test_export__is_one_file_that_names_each_version_and_its_metrics(promoted: Project) -> None:
    assert promoted.mlci("registry", "export", "--html", "../registry.html").out == "../registry.html\n"
    page = (promoted.place / "registry.html").read_text()
    assert [word in page for word in ("v1.0.0", "v2.0.0", "roc_auc", "<polyline")] == [True] * 4
    ended = promoted.mlci("registry", "export", "--html", "mlci.yaml/x.html")
    assert (ended.exit_code, ended.err.partition(":")[0]) == (5, "error[file-failed]")


def test_history__without_a_fetch_needs_no_origin(promoted: Project) -> None:
    shown = promoted.mlci("registry", "history").out
    (promoted.place / "origin.git").rename(promoted.place / "moved.git")
    for verb in ("list", "show", "history"):
        assert promoted.mlci("registry", verb, "--no-fetch").exit_code == 0
    assert promoted.mlci("registry", "history", "--no-fetch").out == shown
    promoted.git("update-ref", "-d", "refs/mlci/registry/tumour")
    ended = promoted.mlci("registry", "history", "--no-fetch")
    assert "nothing of the registry of tumour was fetched into this clone" in ended.err


def test_readmit__is_refused_to_who_is_no_owner_at_base(promoted: Project, refuses: Refuses) -> None:
    promoted.replace("mlci.yaml", '["@acme/diagnostics"]', '["bob@example.com"]')
    promoted.commit("Bob answers for it")
    promoted.git("push", "--quiet")
    assert promoted.mlci("quarantine", "v1.0.0", "--reason", "x").exit_code == 0
    promoted.replace("mlci.yaml", "bob@example.com", "ada@example.org")  # what head says does not count
    refuses(promoted, "readmit", "v1.0.0", "--reason", "x", exit_code=1, told="readmit-not-an-owner")


def test_pull__prints_the_path_of_a_package(promoted: Project) -> None:
    ended = promoted.mlci("pull", "tumour#production")
    assert (ended.exit_code, ended.out) == (0, ".mlci/pulled/tumour-v2.0.0\n")
    assert promoted.mlci("verify", ended.out.strip()).exit_code == 0
    assert promoted.git("status", "--porcelain") == ""


def consume(project: Project, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb in a folder that is no repository."""
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-P", "-m", "mlci", *arguments],
        cwd=folder, env=project.environment | {"GIT_CEILING_DIRECTORIES": os.fspath(folder.parent)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_pull__from_another_repository_needs_no_clone(promoted: Project) -> None:
    origin, store = promoted.place / "origin.git", promoted.place / "models"
    done = consume(
        promoted, promoted.place / "app", "pull", "#production", "--from", f"file://{origin}", "--store", f"{store}"
    )
    assert (done.returncode, done.stdout) == (0, ".mlci/pulled/tumour-v2.0.0\n"), done.stderr
    assert (promoted.place / "app" / done.stdout.strip() / "model.skops").is_file()


def test_pull__from_another_repository_whose_store_cannot_be_told(promoted: Project, golden: Golden) -> None:
    done = consume(
        promoted, promoted.place / "app", "pull", "#production", "--from", str(promoted.place / "origin.git")
    )
    assert done.returncode == 2
    golden("errors/pull-store-unknown.txt", done.stderr)


def test_pull__in_a_second_clone(promoted: Project) -> None:
    promoted.git("clone", "--quiet", "../origin.git", "../second")
    second = Project(promoted.place / "second")
    assert [second.mlci(*verb).exit_code for verb in (("registry", "show"), ("pull", "#production"), ("verify",))] == [
        0
    ] * 3


def test_gc__lists_first_and_removes_when_told_to(promoted: Project, golden: Golden) -> None:
    (package, *_) = sorted((promoted.place / "models").rglob("*.tar"))
    leftover = promoted.place / "models" / "ab" / f"{'ab' * 32}.tar"
    leftover.parent.mkdir(exist_ok=True)
    shutil.copyfile(package, leftover)
    for file in (promoted.place / "models").rglob("*.tar"):
        os.utime(file, (0, file.stat().st_mtime - 90.5 * 86_400))
    promoted.git("push", "--quiet", "origin", ":refs/tags/tumour@v1.0.0")  # tags do not matter here
    size = f"{leftover.stat().st_size:,}"
    shown = told(promoted, ("registry", "gc"), ("registry", "gc", "--delete"), ("registry", "gc"))
    golden("terminal/registry-gc.txt", shown.replace(size, "…"))
    assert not leftover.exists()
    assert promoted.mlci("verify", "v1.0.0").out.count("bytes") == 1


def test_sync__fills_a_mirror_that_was_added_later(promoted: Project, golden: Golden) -> None:
    promoted.replace(
        "mlci.yaml", "store: {directory: ../models}", "store: {directory: ../models}, mirror: {directory: ../mirror}"
    )
    shown = told(promoted, ("registry", "sync", "--dry-run"), ("registry", "sync"), ("registry", "sync"))
    golden("terminal/registry-sync.txt", re.sub(r"\b[0-9]{2},[0-9]{3}\b", "99,999", shown))
    shutil.rmtree(promoted.place / "models")
    assert promoted.mlci("pull", "v1.0.0").exit_code == 0


def test_gc__of_a_limit_without_a_unit(promoted: Project) -> None:
    ended = promoted.mlci("registry", "gc", "--older-than", "30")
    assert (ended.exit_code, ended.err.partition(":")[0]) == (2, "error[wrong-usage]")


def test_verify__names_each_thing_that_is_wrong(promoted: Project, refuses: Refuses) -> None:
    first, second = sorted((promoted.place / "models").rglob("*.tar"))
    first.write_bytes(first.read_bytes()[:-1] + b"x")
    second.unlink()
    promoted.git("push", "--quiet", "--force", "origin", "main:refs/tags/tumour@v1.0.0")
    ended = promoted.mlci("verify", "--json")
    assert ended.exit_code == 4
    wrong = [each["problem"]["code"] for each in json.loads(ended.out)["checked"] if each["problem"]]
    assert sorted(wrong) == ["package-damaged", "package-missing", "tag-moved"]
    refuses(promoted, "verify", exit_code=4, told="verify-several-problems")
