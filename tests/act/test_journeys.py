"""What people live through on GitHub: the workflows run for real, and the fake is asked afterwards."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.act.lab import NAME, Lab, Pushed, WorkflowRun
from tests.e2e.conftest import Project
from tests.fakegithub.server import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Golden
    from tests.fakegithub.state import Thread

pytestmark = [pytest.mark.slow, pytest.mark.needs("act"), pytest.mark.needs("landlock")]

REPORT_PERMISSIONS = {"actions": "read", "contents": "read", "pull-requests": "write", "statuses": "write"}
README = {"README.md": b"# Tumour\n"}


@pytest.fixture(scope="module")
def released(environment: Path, training_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A private repository with a model of thirty features in production; each journey opens its own pull request."""
    assert environment.is_dir()
    place = tmp_path_factory.mktemp("released")
    with FakeGitHub(place / "git") as fake:
        lab = Lab(fake, place / "lab", training_path)
        lab.arrange(lab.example() | lab.act_files("all-features") | lab.workflows())
        assert lab.run_merge(lab.push(README, "Say what it is")).results == dict.fromkeys(
            ("train", "decide", "deploy", "record"), "success"
        )
        yield lab


def normal(text: str) -> str:
    """Return TEXT without what differs from machine to machine: digests of floats, the kernel's version."""
    return re.sub(r"Landlock \d+", "Landlock 7", re.sub(r"\b[0-9a-f]{12}\b", "0123456789ab", text))


def checked_and_reported(lab: Lab, opened: Thread) -> tuple[WorkflowRun, WorkflowRun]:
    checked = lab.run_check(opened)
    return checked, reported(lab, checked)


def reported(lab: Lab, checked: WorkflowRun) -> WorkflowRun:
    report = lab.run_report(checked)
    assert report is not None
    return report


def gate(lab: Lab, commit: str) -> list[tuple[str, str]]:
    """Return context and state of each `mlci/gate` of a commit; `mlci/model`, beside it, is no verdict."""
    return [(each.context, each.state) for each in lab.statuses(commit) if each.context == "mlci/gate"]


def deployed(lab: Lab) -> str:
    """Return the version that the target answers with."""
    return (lab.place / "live" / "current").readlink().name.partition("-")[0]


def only_comment(lab: Lab, opened: Thread) -> str:
    (comment,) = lab.comments(opened)
    return normal(comment.body)


def test_the_first_pull_request_ever__has_its_report_in_the_summary_of_the_job(lab: Lab, golden: Golden) -> None:
    example, workflows = lab.example(), lab.workflows()
    brought = {path: text for path, text in example.items() if path == "mlci.yaml" or path.startswith("contracts/")}
    lab.arrange({path: text for path, text in example.items() if path not in brought})
    opened = lab.pull_request_opened("use-mlci", brought | workflows, title="Use mlci")

    checked = lab.run_check(opened)

    assert checked.results == {"check": "success"}
    assert checked.job("check").outputs == {"conclusion": "first", "submitted": "true"}
    golden("journeys/first-pull-request.md", normal(checked.job("check").summary))
    # The workflow that reports is not on main yet, so GitHub does not start it.
    assert lab.run_report(checked) is None
    assert (lab.comments(opened), gate(lab, lab.head(opened)), lab.refs()) == ([], [], {})


def test_a_better_model__is_reported_merged_promoted_and_deployed(lab: Lab, golden: Golden) -> None:
    lab.arrange()
    lab.run_merge(lab.push(README, "Say what it is"))
    assert deployed(lab) == "v1.0.0"
    opened = lab.pull_request_opened("all-features", lab.act_files("all-features"), title="Use all features")

    checked, report = checked_and_reported(lab, opened)

    assert (checked.job("check").used, report.job("report").used) == ({"contents": "read"}, REPORT_PERMISSIONS)
    golden("journeys/better-model.md", only_comment(lab, opened))
    assert gate(lab, lab.head(opened)) == [("mlci/gate", "success")]

    pushed = lab.merge(opened)
    merged = lab.run_merge(pushed)

    assert merged.results == dict.fromkeys(("train", "decide", "deploy", "record"), "success")
    # The job that trains took over what was judged, so that the one that decides does not ask for it again.
    assert "nothing to train: the model is here that was judged" in merged.job("train").log
    decided = {**merged.job("decide").used, "actions": "read"}
    assert {job.name: job.used for job in merged.jobs} | {"decide": decided} == {
        job.name: job.declared for job in merged.jobs
    }
    assert deployed(lab) == "v2.0.0"
    assert {"refs/heads/mlci/registry/tumour", "refs/tags/tumour@v1.0.0", "refs/tags/tumour@v2.0.0"} <= set(lab.refs())
    assert json.loads(lab.show("mlci/registry/tumour", "stages/production.json"))["version"] == "v2.0.0"
    releases = [(each.is_draft, len(each.assets)) for each in lab.repository.releases.values()]
    assert (releases, lab.repository.latest_release) == ([(False, 1)] * 2, None)
    deployment = list(lab.repository.deployments.values())[-1]
    assert (deployment.sha, deployment.environment) == (pushed.after, "live")
    assert [each.state for each in deployment.statuses] == ["in_progress", "success"]


def test_a_worse_model__is_blocked(released: Lab, golden: Golden) -> None:
    opened = released.pull_request_opened("careless", released.act_files("weigh-malignant"), title="Weigh malignant")
    checked, report = checked_and_reported(released, opened)
    # The job is green: a candidate was made. The verdict is the status.
    assert (checked.results, checked.job("check").outputs["conclusion"]) == ({"check": "success"}, "fail")
    assert (report.job("report").used, gate(released, released.head(opened))) == (
        REPORT_PERMISSIONS,
        [("mlci/gate", "failure")],
    )
    golden("journeys/worse-model.md", only_comment(released, opened))


def test_broken_data__is_named_and_nothing_is_trained(released: Lab, golden: Golden) -> None:
    rows = released.show("main", "data/cells.csv").splitlines(keepends=True)
    radius = rows[0].split(",").index("mean_radius")
    cells = rows[1].split(",")
    broken = ",".join([*cells[:radius], "-1", *cells[radius + 1 :]])
    files = {"data/cells.csv": "".join([rows[0], broken, *rows[2:]]).encode()}
    opened = released.pull_request_opened("new-cells", files, title="New cells")
    checked, _ = checked_and_reported(released, opened)
    assert (checked.results, released.artifacts(checked)) == ({"check": "failure"}, {})
    assert gate(released, released.head(opened)) == [("mlci/gate", "failure")]
    golden("journeys/broken-data.md", only_comment(released, opened))


def test_a_loosened_gate__is_named_and_judges_nothing(released: Lab, golden: Golden) -> None:
    loosened = released.replaced("mlci.yaml", "require: not_worse, margin: 0.02", "require: not_worse, margin: 0.3")
    files = released.act_files("weigh-malignant") | loosened
    opened = released.pull_request_opened("loosen", files, title="Allow less recall")
    checked_and_reported(released, opened)
    assert gate(released, released.head(opened)) == [("mlci/gate", "failure")]
    golden("journeys/loosened-gate.md", only_comment(released, opened))


def test_a_renamed_model__is_judged_under_its_name(released: Lab, golden: Golden) -> None:
    files = released.act_files("weigh-malignant") | released.replaced("mlci.yaml", "name: tumour", "name: tumor")
    opened = released.pull_request_opened("rename", files, title="Rename the model")
    checked_and_reported(released, opened)
    assert gate(released, released.head(opened)) == [("mlci/gate", "failure")]
    golden("journeys/renamed-model.md", only_comment(released, opened))


def with_file(files: dict[str, bytes]) -> dict[str, bytes]:
    """Forge a verdict beside a genuine submission."""
    report = {"schema": "mlci/report/1", "conclusion": "pass", "datasets": [], "verdict": {"outcome": "pass"}}
    return files | {"report.json": json.dumps(report).encode()}


def with_metrics(files: dict[str, bytes]) -> dict[str, bytes]:
    """Forge metrics, findings and “nothing changed” in the record."""
    record = json.loads(files["candidate.json"])
    forged = {"metrics": {"recall": 1.0}, "findings": [], "conclusion": "nothing changed"}
    return files | {"candidate.json": json.dumps(record | forged).encode()}


def with_fingerprint(files: dict[str, bytes]) -> dict[str, bytes]:
    """Forge the fingerprint."""
    record = json.loads(files["candidate.json"])
    return files | {"candidate.json": json.dumps(record | {"fingerprint": "ab" * 32}).encode()}


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        (with_file, "submission-malformed"),
        (with_metrics, "submission-malformed"),
        (with_fingerprint, "stale-candidate"),
    ],
    ids=["verdict", "metrics", "fingerprint"],
)
def test_a_forged_artifact__is_refused(
    forged: Callable[[dict[str, bytes]], dict[str, bytes]], code: str, released: Lab, golden: Golden
) -> None:
    branch = forged.__name__.replace("_", "-")
    opened = released.pull_request_opened(branch, released.act_files("weigh-malignant"), title="Trust me")
    checked = released.run_check(opened)
    released.forge(checked, zipped(forged(unzipped(released.artifacts(checked)["mlci-submission"]))))

    report = reported(released, checked)

    assert (report.results, f"error[{code}]" in report.job("report").log) == ({"report": "failure"}, True)
    assert gate(released, released.head(opened)) == [("mlci/gate", "failure")]
    golden(f"journeys/forged-{branch}.md", only_comment(released, opened))


def test_a_pull_request_from_a_fork_of_a_public_repository__shows_no_rows(lab: Lab, golden: Golden) -> None:
    lab.arrange(lab.example() | lab.act_files("all-features") | lab.workflows(), public=True)
    lab.run_merge(lab.push(README, "Say what it is"))
    careless = lab.act_files("weigh-malignant")
    opened = lab.pull_request_opened("patch-1", careless, title="From outside", author="mallory", from_fork=True)

    checked, report = checked_and_reported(lab, opened)

    assert (checked.job("check").used, report.job("report").used) == ({"contents": "read"}, REPORT_PERMISSIONS)
    assert gate(lab, lab.head(opened)) == [("mlci/gate", "failure")]
    golden("journeys/fork.md", only_comment(lab, opened))


def test_three_pushes__update_one_comment_among_forty(released: Lab) -> None:
    opened = released.pull_request_opened("talk", released.act_files("weigh-malignant"), title="Much to say")
    for number in range(20):
        released.fake.add_comment(NAME, opened.number, f"Opinion {number}")
    first, _ = checked_and_reported(released, opened)
    commits = [released.head(opened)]
    for number in range(20, 40):
        released.fake.add_comment(NAME, opened.number, f"Opinion {number}")
    (comment,) = released.comments(opened)
    for regularisation in (b"C: 0.2\n", b"C: 0.3\n"):
        commits.append(released.pushed(opened, {"params.yaml": regularisation + b"max_iter: 1000\n"}))
        checked_and_reported(released, opened)

    assert [each.id for each in released.comments(opened)] == [comment.id]
    assert len(released.fake.comments(NAME, opened.number)) == 41
    assert [gate(released, each) for each in commits] == [[("mlci/gate", "failure")]] * 3
    # A report that comes late says nothing of a commit that is no longer the head.
    before = released.comments(opened)[0].body
    reported(released, first)
    assert released.comments(opened)[0].body == before


def test_a_change_of_the_documentation__trains_and_promotes_nothing(released: Lab, golden: Golden) -> None:
    before = released.refs()
    opened = released.pull_request_opened("docs", {"README.md": b"# Tumour\n\nMore words.\n"}, title="More words")
    checked, _ = checked_and_reported(released, opened)
    assert (checked.results, released.artifacts(checked)) == ({"check": "success"}, {})
    assert gate(released, released.head(opened)) == [("mlci/gate", "success")]
    golden("journeys/documentation.md", only_comment(released, opened))

    merged = released.run_merge(released.merge(opened))

    # The target answers with it already.
    assert merged.results == {
        "train": "success",
        "decide": "skipped",
        "deploy": "success",
        "record": "skipped",
    }
    assert "live answers with v1.0.0 already" in merged.job("deploy").log
    assert released.refs() == before


def test_all_jobs_again__after_a_deployment_that_failed_bring_what_was_promoted(lab: Lab) -> None:
    lab.arrange()
    live = lab.place / "live"
    live.parent.mkdir(exist_ok=True)
    live.write_text("in the way")
    pushed = lab.push(README, "Say what it is")
    assert lab.run_merge(pushed).results == {
        "train": "success",
        "decide": "success",
        "deploy": "failure",
        "record": "skipped",
    }
    live.unlink()

    again = lab.run_merge(pushed)

    assert again.results == {"train": "success", "decide": "skipped", "deploy": "success", "record": "success"}
    assert deployed(lab) == "v1.0.0"


def test_a_push_after_a_rollback__is_refused_and_the_target_gets_the_version_before(lab: Lab, tmp_path: Path) -> None:
    lab.arrange()
    lab.run_merge(lab.push(README, "Say what it is"))
    lab.run_merge(lab.push(lab.act_files("all-features"), "Use all features"))
    assert (rolled_back(lab, tmp_path / "clone"), deployed(lab)) == (0, "v2.0.0")
    opened = lab.pull_request_opened("docs", {"README.md": b"# Tumour\n\nMore words.\n"}, title="More words")
    checked, _ = checked_and_reported(lab, opened)
    assert (checked.results, checked.job("check").outputs["conclusion"]) == ({"check": "success"}, "fail")
    assert gate(lab, lab.head(opened)) == [("mlci/gate", "failure")]
    assert "`tumour@v2.0.0`, byte for byte, which is quarantined" in only_comment(lab, opened)

    merged = lab.run_merge(lab.push({"README.md": b"# Tumour\n\nOther words.\n"}, "Other words"))

    assert merged.results == {"train": "success", "decide": "failure", "deploy": "success", "record": "success"}
    assert deployed(lab) == "v1.0.0"


def rolled_back(lab: Lab, place: Path) -> int:
    """Roll back in a clone of somebody who may push."""
    project = Project(place / "tumour")
    project.folder.mkdir(parents=True)
    address = lab.fake.clone_url(NAME).replace("://", f"://ana:{lab.fake.issue_user_token('ana')}@")
    project.git("clone", "--quiet", address, ".")
    return project.mlci("rollback", "--reason", "the clinic reports missed cells").exit_code


def test_the_first_push__of_a_new_branch_is_judged_by_its_own_rules(lab: Lab) -> None:
    lab.arrange()
    (pushed,) = [each for each in lab.fake.pushes if each.ref == "refs/heads/main"]
    merged = lab.run_merge(Pushed(pushed.before, pushed.after))
    assert merged.results == dict.fromkeys(("train", "decide", "deploy", "record"), "success")


def unzipped(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return target.getvalue()
