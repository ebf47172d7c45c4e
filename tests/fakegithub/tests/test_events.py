from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakegithub.events import pull_request_event, push_event, workflow_run_event

if TYPE_CHECKING:
    from tests.fakegithub.tests.client import Client, Place


def test_pull_request_event__shows_what_the_interface_shows(place: Place, client: Client) -> None:
    event = pull_request_event(place.github, "acme/tumour", 1, action="opened")
    assert (event["action"], event["number"], event["pull_request"]) == ("opened", 1, client.get("/pulls/1"))


def test_pull_request_event__not_of_an_issue(place: Place, client: Client) -> None:
    client.expect(201, "POST", "/issues", {"title": "An incident"})
    with pytest.raises(ValueError, match="#2 is no pull request"):
        pull_request_event(place.github, "acme/tumour", 2)


def test_push_event__of_a_merge(place: Place) -> None:
    sha = place.github.merge("acme/tumour", 1, login="bob")
    event = push_event(place.github, place.github.pushes[-1])
    assert (event["ref"], event["before"], event["after"]) == ("refs/heads/main", place.base, sha)
    assert (event["created"], event["deleted"], event["forced"], event["pusher"]) == (
        False,
        False,
        False,
        {"name": "bob"},
    )


def test_push_event__of_a_new_branch(place: Place) -> None:
    place.github.commit("acme/tumour", "new", {"a": b"a"})
    event = push_event(place.github, place.github.pushes[-1])
    assert (event["created"], event["before"], event["forced"]) == (True, "0" * 40, False)


def test_workflow_run_event__shows_the_run(place: Place, client: Client) -> None:
    run = place.github.start_run(
        "acme/tumour", workflow="check.yml", event="pull_request", head_branch="better", head_sha=place.head
    )
    place.github.finish_run(run)
    event = workflow_run_event(place.github, run)
    assert (event["action"], event["workflow_run"]) == ("completed", client.get(f"/actions/runs/{run.id}"))
