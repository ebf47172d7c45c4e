"""The promises of our workflows and actions, read from their text. That they work is shown in tests/act."""

from __future__ import annotations

import re

import pytest

from tests.actions.documents import ACTIONS, CALLERS, JOBS, REUSABLE, ROOT, Document, steps

PINS = {
    "actions/checkout": "08c6903cd8c0fde910a37f88322edcfb5dd907a8",
    "actions/setup-python": "e797f83bcb11b83ae66e0230d6156d7c80228e7c",
    "actions/upload-artifact": "ea165f8d65b6e75b540449e92b4886f43607fa02",
    "actions/download-artifact": "d3f86a106a0bac45b974a628896c90dbdf5c8093",
}
PERMISSIONS = {
    ("check", "check"): {"contents": "read"},
    ("report", "report"): {"actions": "read", "contents": "read", "pull-requests": "write", "statuses": "write"},
    ("merge", "train"): {"actions": "read", "contents": "read", "pull-requests": "read", "statuses": "read"},
    ("merge", "decide"): {"actions": "read", "contents": "write", "pull-requests": "read", "statuses": "read"},
    ("merge", "deploy"): {"contents": "read", "deployments": "write"},
    ("merge", "record"): {"contents": "write"},
}
RUNS_CODE_OF_THE_REPOSITORY = {
    "actions/check: Check",
    "check/check: Install what training needs",
    "merge/train: Install what training needs",
    "merge/train: Train, unless production or the judged model was made from these very inputs",
}
WITH_TOKEN = {
    "actions/setup: Bring base, registries and production (token)",
    "actions/report: Judge and report (token)",
    "actions/promote: Decide and promote (token)",
    "actions/promote: Share the record of the run (token)",
    "actions/deploy: Deploy (token)",
    "actions/record: Tell the registry (token)",
}
BRING_DATA = {
    "actions/data: Bring data",
    "check/check: Bring data",
    "report/report: Bring data",
    "merge/train: Bring data",
    "merge/decide: Bring data",
}
"""What has the credentials of a store of data, where there are any."""
WRITES_THE_REGISTRY = {
    "actions/promote: Decide and promote (token)",
    "actions/deploy: Deploy (token)",
    "actions/record: Tell the registry (token)",
    "merge/decide: Decide and promote",
    "merge/record: Record",
}
"""What has the key that signs; of our own jobs, the one that deploys has none."""
BRING_PACKAGES = {
    "actions/promote: Decide and promote (token)",
    "actions/deploy: Deploy (token)",
    "merge/decide: Decide and promote",
    "merge/deploy: Deploy",
    "actions/setup: Bring base, registries and production (token)",
    "actions/report: Judge and report (token)",
    "check/check: Set up mlci, bring base and production",
    "report/report: Judge, comment, set the status",
    "merge/train: Set up mlci, bring the registry and the model that was judged",
}
"""What has the credentials of the store of packages, where there are any."""
DATA_SECRETS = {"aws-access-key-id", "aws-secret-access-key"}
STORE_SECRETS = {"store-aws-access-key-id", "store-aws-secret-access-key"}
LEVELS = {"none": 0, "read": 1, "write": 2}

SCRIPTS = {place: step for place, step in steps().items() if "run" in step}
USED = {place: step for place, step in steps().items() if "uses" in step}
PLACES = sorted(SCRIPTS)


def names_in(job: tuple[str, str]) -> list[str]:
    return [step["name"] for step in JOBS[job]["steps"]]


def allows(granted: dict[str, str], asked: dict[str, str]) -> bool:
    return all(LEVELS[granted.get(name, "none")] >= LEVELS[level] for name, level in asked.items())


def row(name: str, input_or_output: str) -> str:
    page = (ROOT / "actions" / "README.md").read_text()
    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    return next((line for line in section.splitlines() if line.startswith(f"| `{input_or_output}` |")), "")


@pytest.mark.parametrize("place", PLACES)
def test_script__holds_no_expression_and_gets_its_inputs_by_environment(place: str) -> None:
    assert "${{" not in SCRIPTS[place]["run"]


@pytest.mark.parametrize("place", [place for place in PLACES if place.startswith("actions/")])
def test_script_of_an_action__names_its_shell(place: str) -> None:
    assert SCRIPTS[place]["shell"] == "bash"


@pytest.mark.parametrize("place", PLACES)
def test_script__starts_python_isolated_from_the_workspace(place: str) -> None:
    started = re.findall(r"^\S*python3?\"? .*", SCRIPTS[place]["run"], re.MULTILINE)
    assert [line for line in started if line.split()[1] != "-I"] == []


def test_token__is_seen_by_exactly_the_steps_that_say_so() -> None:
    assert {place for place, step in steps().items() if "token" in str(step).lower()} == WITH_TOKEN
    assert {place for place, step in steps().items() if "MLCI_TOKEN" in step.get("env", {})} == WITH_TOKEN


def test_token__is_no_input_of_the_action_that_runs_code_of_the_pull_request() -> None:
    assert "token" not in ACTIONS["check"]["inputs"]


def test_secrets__are_seen_by_the_steps_that_use_them_and_never_needed() -> None:
    seeing = {place for place, step in steps().items() if "secrets." in str(step) or "AWS_" in str(step.get("env", ""))}
    assert seeing == BRING_DATA | BRING_PACKAGES | {"merge/record: Record"}
    signing = {place for place, step in steps().items() if "signing-key" in str(step)}
    assert signing == WRITES_THE_REGISTRY
    asked = {name: document["on"]["workflow_call"].get("secrets", {}) for name, document in REUSABLE.items()}
    both = DATA_SECRETS | STORE_SECRETS
    assert {name: set(each) for name, each in asked.items()} == {
        "check": both,
        "report": both,
        "merge": both | {"signing-key"},
    }
    assert not any(secret["required"] for each in asked.values() for secret in each.values())
    texts = [str(document) for document in (*ACTIONS.values(), *CALLERS.values())]
    assert [text for text in texts if re.search(r"\bsecrets(\.\w|:)", text)] == []


def test_data__are_brought_before_the_code_of_the_repository_by_a_step_without_a_token() -> None:
    assert BRING_DATA.isdisjoint(WITH_TOKEN | RUNS_CODE_OF_THE_REPOSITORY)
    for job in (("check", "check"), ("merge", "train")):
        names = names_in(job)
        assert names.index("Bring data") < names.index("Install what training needs")


def test_packages__are_brought_with_other_credentials_than_data_and_before_the_code_of_the_repository() -> None:
    assert BRING_PACKAGES.isdisjoint(BRING_DATA | RUNS_CODE_OF_THE_REPOSITORY)
    for place, step in steps().items():
        named = set(re.findall(r"secrets\.([a-z-]+)", str(step)))
        assert not named & DATA_SECRETS or place in BRING_DATA, place
        assert not named & STORE_SECRETS or place in BRING_PACKAGES, place
        assert not named - DATA_SECRETS - STORE_SECRETS or place in WRITES_THE_REGISTRY, place


def test_sealed_set__is_brought_by_the_job_that_promotes_alone() -> None:
    asked = {place: step.get("with", {}).get("sealed") for place, step in steps().items() if place in BRING_DATA}
    assert {place for place, sealed in asked.items() if sealed} == {"merge/decide: Bring data"}


def test_labels__are_brought_by_the_jobs_that_judge_alone() -> None:
    asked = {place: step.get("with", {}) for place, step in steps().items() if place in BRING_DATA}
    assert {place for place, given in asked.items() if given.get("labels") or given.get("sealed")} == {
        "report/report: Bring data",
        "merge/decide: Bring data",
    }


@pytest.mark.parametrize("job", [("check", "check"), ("merge", "train")])
def test_what_needs_a_token__comes_before_the_code_of_the_repository(job: tuple[str, str]) -> None:
    names = names_in(job)
    setups = [index for index, step in enumerate(JOBS[job]["steps"]) if step.get("uses") == "$/actions/setup"]
    assert setups == [1]
    assert names.index("Install what training needs") > setups[0]


@pytest.mark.parametrize("job", [("report", "report"), ("merge", "decide"), ("merge", "deploy"), ("merge", "record")])
def test_job_with_a_right_to_write__runs_no_script_of_its_own(job: tuple[str, str]) -> None:
    assert [step for step in JOBS[job]["steps"] if "run" in step] == []
    own = {step["uses"].removeprefix("$/actions/") for step in JOBS[job]["steps"] if step["uses"].startswith("$/")}
    ran = {place for place in SCRIPTS for name in own if place.startswith(f"actions/{name}:")}
    assert ran.isdisjoint(RUNS_CODE_OF_THE_REPOSITORY)


def test_permissions__of_each_job_are_the_least() -> None:
    assert {job: content["permissions"] for job, content in JOBS.items()} == PERMISSIONS


@pytest.mark.parametrize("document", [*REUSABLE.values(), *CALLERS.values()], ids=lambda each: each["name"])
def test_workflow__grants_nothing_by_default_and_limits_concurrency(document: Document) -> None:
    assert document["permissions"] == {}
    limited = [document] if "concurrency" in document else list(document["jobs"].values())
    assert [set(each["concurrency"]) for each in limited] == [{"group", "cancel-in-progress"}] * len(limited)


@pytest.mark.parametrize("name", sorted(CALLERS))
def test_caller__grants_what_each_job_asks_and_no_more(name: str) -> None:
    (job,) = CALLERS[name]["jobs"].values()
    granted, asked = job["permissions"], [each["permissions"] for each in REUSABLE[name]["jobs"].values()]
    assert all(allows(granted, each) for each in asked)
    assert set(granted) == {permission for each in asked for permission in each}
    assert all(any(each.get(permission) == level for each in asked) for permission, level in granted.items())


@pytest.mark.parametrize("name", sorted(CALLERS))
def test_caller__passes_inputs_that_the_workflow_has(name: str) -> None:
    (job,) = CALLERS[name]["jobs"].values()
    inputs = REUSABLE[name]["on"]["workflow_call"].get("inputs", {})
    assert set(job.get("with", {})) <= set(inputs)
    assert job["uses"].endswith(f"/.github/workflows/mlci-{name}.yml@{'1f' * 20}")


def test_caller_of_report__waits_for_the_caller_of_check() -> None:
    assert CALLERS["report"]["on"]["workflow_run"]["workflows"] == [CALLERS["check"]["name"]]


def groups(document: Document) -> list[str]:
    return [each["concurrency"]["group"] for each in (document, *document["jobs"].values()) if "concurrency" in each]


@pytest.mark.parametrize("name", sorted(CALLERS))
def test_groups__of_caller_and_called_differ_so_that_neither_waits_for_itself(name: str) -> None:
    found = groups(CALLERS[name]) + groups(REUSABLE[name])
    assert len(found) == len(set(found)) > 1


def test_merge__whose_deployment_is_slow_holds_up_no_other() -> None:
    # One pending job of a group is replaced by the next: two jobs of one run in one group could end another's.
    assert len(groups(REUSABLE["merge"])) == len(REUSABLE["merge"]["jobs"])
    assert "concurrency" not in REUSABLE["merge"]
    assert "github.sha" in CALLERS["merge"]["concurrency"]["group"]
    waiting = {name for name, job in REUSABLE["merge"]["jobs"].items() if job["concurrency"]["cancel-in-progress"]}
    assert waiting == set()


def test_record__writes_what_the_deployment_says_and_only_where_the_registry_does_not() -> None:
    deploy, record = JOBS["merge", "deploy"], JOBS["merge", "record"]
    assert deploy["outputs"] == {name: f"${{{{ steps.deploy.outputs.{name} }}}}" for name in ("version", "told")}
    assert deploy["steps"][-1]["with"]["record"] == "false"
    told = "needs.deploy.outputs.told == 'false'"
    assert (record["needs"], record["if"]) == ("deploy", f"!cancelled() && needs.deploy.result == 'success' && {told}")
    assert record["steps"][-1]["with"]["version"] == "${{ needs.deploy.outputs.version }}"


@pytest.mark.parametrize("document", [*REUSABLE.values(), *CALLERS.values()], ids=lambda each: each["name"])
def test_workflow__has_no_filter_on_paths_so_that_the_status_always_appears(document: Document) -> None:
    events = [event for event in document["on"].values() if event]
    assert [event for event in events if {"paths", "paths-ignore"} & set(event)] == []


@pytest.mark.parametrize("job", sorted(JOBS), ids="/".join)
def test_job__ends_by_itself(job: tuple[str, str]) -> None:
    assert "timeout-minutes" in JOBS[job]


@pytest.mark.parametrize("place", sorted(USED))
def test_action_of_others__is_pinned_by_commit(place: str) -> None:
    name, _, commit = USED[place]["uses"].partition("@")
    assert name.startswith("$/actions/") or commit == PINS[name]


@pytest.mark.parametrize("place", [place for place in sorted(USED) if USED[place]["uses"].startswith("$/")])
def test_action_of_ours__is_there_and_has_these_inputs(place: str) -> None:
    action = ACTIONS[USED[place]["uses"].removeprefix("$/actions/")]
    given = set(USED[place].get("with", {}))
    required = {name for name, each in action.get("inputs", {}).items() if each["required"] is True}
    assert required <= given <= set(action.get("inputs", {}))


@pytest.mark.parametrize("place", [place for place in sorted(USED) if "checkout" in USED[place]["uses"]])
def test_checkout__leaves_no_credentials(place: str) -> None:
    assert USED[place]["with"]["persist-credentials"] is False


def test_checkout_of_report__is_the_default_branch() -> None:
    assert JOBS["report", "report"]["steps"][0]["with"]["ref"] == "${{ github.event.repository.default_branch }}"


def test_artifact__is_one_and_has_the_folder_of_the_submission() -> None:
    uploads = [step["with"] for step in USED.values() if "upload-artifact" in step["uses"]]
    downloads = [step["with"] for step in USED.values() if "download-artifact" in step["uses"]]
    assert [(each["name"], each["path"], each["include-hidden-files"]) for each in uploads] == [
        ("mlci-submission", ".mlci/submission", True)
    ] * 2
    assert downloads == [{"name": "mlci-submission", "path": ".mlci/submission"}]


def test_decide__has_the_history_and_runs_only_where_a_candidate_is_needed() -> None:
    job = JOBS["merge", "decide"]
    assert job["if"] == "needs.train.outputs.needed == 'true'"
    assert job["steps"][0]["with"]["fetch-depth"] == 0


def test_deploy__works_in_its_environment_and_leaves_the_deployment_to_mlci() -> None:
    assert JOBS["merge", "deploy"]["environment"] == {"name": "${{ inputs.deploy }}", "deployment": False}


def test_record_of_the_run__is_shared_whatever_was_decided_and_without_the_keys_that_promote() -> None:
    place = "actions/promote: Share the record of the run (token)"
    assert [name for name, step in SCRIPTS.items() if "runs publish" in step["run"]] == [place]
    step = SCRIPTS[place]
    assert (step["if"], set(step["env"])) == ("${{ !cancelled() }}", {"MLCI_TOKEN", "MLCI_TOKEN_LOGIN"})
    last = ACTIONS["promote"]["runs"]["steps"][-1]
    assert last["name"] == step["name"]


def test_deploy__follows_a_promotion_and_else_makes_up_for_what_was_not_deployed() -> None:
    job = JOBS["merge", "deploy"]
    due = "(needs.decide.result == 'success' || needs.train.outputs.production != '')"
    assert (job["needs"], job["if"]) == (["train", "decide"], f"!cancelled() && inputs.deploy != '' && {due}")
    assert JOBS["merge", "train"]["outputs"]["production"] == "${{ steps.train.outputs.production }}"


@pytest.mark.parametrize("action", ["report", "promote", "deploy", "record"])
def test_action_that_takes_a_token__takes_whose_it_is(action: str) -> None:
    taking = [step["env"] for step in ACTIONS[action]["runs"]["steps"] if "MLCI_TOKEN" in step.get("env", {})]
    assert {each.get("MLCI_TOKEN_LOGIN") for each in taking} == {"${{ inputs.login }}"}
    assert ACTIONS[action]["inputs"]["login"]["default"] == ""


@pytest.mark.parametrize("document", [REUSABLE["report"], CALLERS["report"]], ids=["reusable", "caller"])
def test_group_of_report__is_that_of_one_check_so_that_no_report_ends_another(document: Document) -> None:
    assert re.findall(r"\$\{\{ (.+?) \}\}", document["concurrency"]["group"]) == ["github.event.workflow_run.id"]


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_page_of_the_actions__has_every_input_and_output(name: str) -> None:
    action = ACTIONS[name]
    assert [each for each in (*action.get("inputs", {}), *action.get("outputs", {})) if not row(name, each)] == []
    assert all(
        each["description"] for each in (*action.get("inputs", {}).values(), *action.get("outputs", {}).values())
    )


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_output_of_an_action__comes_from_a_step_that_is_there(name: str) -> None:
    sources = [
        re.findall(r"steps\.(\w+)\.outputs", each["value"]) for each in ACTIONS[name].get("outputs", {}).values()
    ]
    known = {step.get("id") for step in ACTIONS[name]["runs"]["steps"]}
    assert all(len(found) == 1 and found[0] in known for found in sources)
