from __future__ import annotations

import base64
import socket
import threading
from typing import TYPE_CHECKING

import pytest
import requests

from tests.fakegithub.permissions import Permission
from tests.fakegithub.server import FakeGitHub, ViolationsError
from tests.fakegithub.tests.client import Client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakegithub.tests.client import Place


def test_url__is_loopback_only(github: FakeGitHub) -> None:
    assert github.url.startswith("http://127.0.0.1:")


def test_authorization__each_form_that_github_takes(place: Place) -> None:
    token = place.github.issue_token("acme/tumour", {})
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    anonymous = Client(place.github.url)
    statuses = [
        anonymous.ask("GET", headers={"Authorization": each}).status_code
        for each in (f"Bearer {token}", f"token {token}", f"bearer {token}", f"Basic {basic}")
    ]
    assert statuses == [200, 200, 200, 200]


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic !!!", "Basic d3Jvbmc=", "wrong", ""])
def test_authorization__a_secret_that_was_never_issued_is_401(place: Place, header: str) -> None:
    answer = Client(place.github.url).ask("GET", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_authorization__a_revoked_token_is_401(place: Place) -> None:
    token = place.github.issue_token("acme/tumour", {})
    place.github.revoke(token)
    assert Client(place.github.url, token).ask("GET").status_code == 401


def test_private_repository__does_not_exist_for_strangers(place: Place) -> None:
    place.github.add_repository("acme/other", public=False)
    stranger = Client(place.github.url, place.github.issue_token("acme/other", {"contents": "write"}))
    for each in (stranger, Client(place.github.url)):
        answer = each.ask("GET", "/pulls")
        assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")


def test_public_repository__everybody_reads_and_nobody_writes(github: FakeGitHub) -> None:
    github.add_repository("acme/open")
    anonymous = Client(github.url, repository="acme/open")
    assert anonymous.get("/pulls") == []
    assert anonymous.expect(401, "POST", "/issues", {"title": "Hello"})["message"] == "Requires authentication"


def test_permissions__missing_is_403_with_the_header_that_says_which(place: Place) -> None:
    answer = place.client({"contents": "read"}).ask("POST", f"/statuses/{place.head}", {"state": "success"})
    assert answer.status_code == 403
    assert answer.json() == {
        "message": "Resource not accessible by integration",
        "documentation_url": "https://docs.github.com/rest/commits/statuses#create-a-commit-status",
        "status": "403",
    }
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "statuses=write"


def test_permissions__a_fork_s_run_only_reads(place: Place) -> None:
    place.github.fork("acme/tumour", "mallory")
    run = place.github.start_run(
        "acme/tumour",
        workflow="check.yml",
        event="pull_request",
        head_repository="mallory/tumour",
        head_branch="main",
        head_sha=place.base,
    )
    token = place.github.issue_token("acme/tumour", {"statuses": "write", "contents": "read"}, run=run)
    client = Client(place.github.url, token)
    client.expect(403, "POST", f"/statuses/{place.base}", {"state": "success"})
    assert client.get(f"/commits/{place.base}/statuses") == []


def test_permissions_used__are_what_would_have_been_enough(place: Place) -> None:
    client = place.client({"statuses": "write", "pull-requests": "write", "contents": "read"})
    client.get("/pulls")
    client.get(f"/commits/{place.head}/statuses")
    client.expect(201, "POST", f"/statuses/{place.head}", {"state": "success"})
    client.expect(403, "POST", "/deployments", {"ref": "main"})
    assert client.token is not None
    assert place.github.permissions_used(client.token) == {"pull-requests": "read", "statuses": "write"}


def test_tokens__end_with_their_run(place: Place) -> None:
    run = place.github.start_run(
        "acme/tumour", workflow="check.yml", event="pull_request", head_branch="better", head_sha=place.head
    )
    client = Client(place.github.url, place.github.issue_token("acme/tumour", {}, run=run))
    client.get()
    place.github.finish_run(run)
    assert client.ask("GET").status_code == 401


def test_user_token__writes_where_the_role_allows_it(place: Place) -> None:
    place.github.add_collaborator("acme/tumour", "ana")
    place.github.add_collaborator("acme/tumour", "bob", "read")
    body = {"state": "success"}
    ana, bob, eve = (Client(place.github.url, place.github.issue_user_token(each)) for each in ("ana", "bob", "eve"))
    assert ana.expect(201, "POST", f"/statuses/{place.head}", body)["creator"]["login"] == "ana"
    assert bob.expect(403, "POST", f"/statuses/{place.head}", body)["message"] == (
        "Resource not accessible by personal access token"
    )
    eve.expect(404, "POST", f"/statuses/{place.head}", body)


def test_unknown_route__is_404_with_github_s_body(client: Client) -> None:
    assert client.expect(404, "GET", "/nothing") == {
        "message": "Not Found",
        "documentation_url": "https://docs.github.com/rest",
        "status": "404",
    }


def test_headers__version_limit_and_user_agent(client: Client) -> None:
    answer = client.ask("GET", headers={"X-GitHub-Api-Version": "2022-11-28"})
    assert answer.headers["X-GitHub-Api-Version-Selected"] == "2022-11-28"
    assert answer.headers["X-RateLimit-Limit"] == "5000"
    assert client.ask("GET", headers={"X-GitHub-Api-Version": "1999-01-01"}).status_code == 400
    assert client.ask("GET", headers={"User-Agent": ""}).status_code == 403


def test_names__of_repositories_have_no_case(place: Place) -> None:
    token = place.github.issue_token("acme/tumour", {})
    assert Client(place.github.url, token, repository="Acme/TUMOUR").get()["full_name"] == "acme/tumour"


def test_pages__thirty_by_default_and_a_hundred_at_most(place: Place, client: Client) -> None:
    for number in range(105):
        place.github.add_comment("acme/tumour", 1, f"comment {number}")
    first = client.ask("GET", "/issues/1/comments")
    assert len(first.json()) == 30
    assert set(first.links) == {"next", "last"}
    assert len(client.get("/issues/1/comments", per_page=1000)) == 100
    last = client.ask("GET", "/issues/1/comments?per_page=100&page=2")
    assert len(last.json()) == 5
    assert set(last.links) == {"prev", "first"}
    assert client.get("/issues/1/comments", page=9) == []


def test_pages__links_lead_through_all_of_them_and_keep_the_filters(place: Place, client: Client) -> None:
    for number in range(5):
        place.github.add_comment("acme/tumour", 1, f"comment {number}")
    address: str | None = "/issues/1/comments?per_page=2&since=2026-01-01T00:00:00Z"
    seen: list[str] = []
    while address is not None:
        answer = client.ask("GET", address)
        seen += [each["body"] for each in answer.json()]
        address = answer.links.get("next", {}).get("url")
    assert seen == [f"comment {number}" for number in range(5)]
    assert place.github.log[-1].path.startswith("/repositories/")
    assert "since=2026-01-01T00%3A00%3A00Z" in place.github.log[-1].query


def test_log__tells_who_did_what_by_which_permission(place: Place) -> None:
    client = place.client({"pull-requests": "read"})
    client.get("/pulls", state="all")
    entry = place.github.requests("pulls/list")[0]
    assert (entry.method, entry.path, entry.query, entry.status) == (
        "GET",
        "/repos/acme/tumour/pulls",
        "state=all",
        200,
    )
    assert entry.permission == Permission("pull-requests", "read")
    assert entry.token is not None
    assert entry.token.login == "github-actions[bot]"
    assert client.token is not None
    assert client.token not in repr(place.github.log)


@pytest.mark.parametrize(
    ("method", "path", "json", "problem"),
    [
        ("POST", "/statuses/{head}", {"state": "green"}, "$.state: 'green' is not one of"),
        ("POST", "/issues/1/comments", {"body": "a", "text": "b"}, "Additional properties are not allowed ('text'"),
        ("GET", "/pulls?colour=red", None, "the query parameter 'colour' does not exist"),
        ("GET", "/actions/runs?created=2026-01-01T00:00:00Z", None, "the fake does not know created"),
        ("GET", "/pulls", {"state": "all"}, "this operation takes no body"),
    ],
)
def test_violation__is_500_and_raised_at_the_end(
    tmp_path: Path, method: str, path: str, json: object, problem: str
) -> None:
    fake = FakeGitHub(tmp_path / "git")
    with pytest.raises(ViolationsError) as caught, fake:  # noqa: PT012 - it is raised where the block ends
        fake.add_repository("acme/tumour", public=False)
        head = fake.commit("acme/tumour", "main", {"a": b"a"})
        fake.commit("acme/tumour", "x", {"a": b"b"}, start="main")
        fake.open_pull_request("acme/tumour", "x")
        token = fake.issue_token(
            "acme/tumour", {"statuses": "write", "issues": "write", "pull-requests": "write", "actions": "read"}
        )
        answer = Client(fake.url, token).ask(method, path.format(head=head), json)
        assert answer.status_code == 500
        assert problem in answer.json()["message"]
    assert problem in str(caught.value)


def test_violation__does_not_hide_the_error_of_the_test(tmp_path: Path) -> None:
    fake = FakeGitHub(tmp_path / "git")
    fake.violations.append("something")
    with pytest.raises(KeyError), fake:
        raise KeyError


def test_body__that_is_no_json_is_400(client: Client) -> None:
    answer = client.ask("POST", "/issues", data=b"{")
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_fail_next__meets_only_what_matches_and_only_so_often(place: Place, client: Client) -> None:
    place.github.fail_next(502, times=2, match="GET .*/pulls")
    client.get()
    assert [client.ask("GET", "/pulls").status_code for _ in range(3)] == [502, 502, 200]


def test_fail_next__a_secondary_limit(place: Place, client: Client) -> None:
    place.github.fail_next(403, headers={"Retry-After": "1"})
    answer = client.ask("GET")
    assert (answer.status_code, answer.headers["Retry-After"]) == (403, "1")
    assert "secondary rate limit" in answer.json()["message"]
    assert place.github.log[-1].permission is None


def test_fail_next__before_and_after_the_effect(place: Place, client: Client) -> None:
    place.github.fail_next(500, match="POST")
    place.github.fail_next(500, match="POST", takes_effect=True)
    for _ in range(2):
        client.expect(500, "POST", "/issues/1/comments", {"body": "Hello"})
    assert len(place.github.comments("acme/tumour", 1)) == 1


def test_drop_next__closes_the_connection(place: Place, client: Client) -> None:
    place.github.drop_next()
    with pytest.raises(requests.ConnectionError):
        client.ask("GET")
    assert place.github.log[-1].status == 0
    client.get()


def test_delay_next__is_late_for_who_does_not_wait(place: Place) -> None:
    place.github.delay_next(60)
    with pytest.raises(requests.ReadTimeout):
        requests.get(place.github.url, timeout=0.05)


def test_answer__many_at_once(place: Place) -> None:
    clients = [place.client({"issues": "write"}) for _ in range(8)]

    def comment(client: Client) -> None:
        client.expect(201, "POST", "/issues/1/comments", {"body": "Hello"})

    threads = [threading.Thread(target=comment, args=(each,)) for each in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.id for each in place.github.comments("acme/tumour", 1)}) == 8


def test_body__in_chunks(place: Place) -> None:
    token = place.github.issue_token("acme/tumour", {"issues": "write"})
    pieces = iter([b'{"body": "in ', b'pieces"}'])
    answer = requests.post(
        f"{place.github.url}/repos/acme/tumour/issues/1/comments",
        data=pieces,
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )
    assert answer.json()["body"] == "in pieces"


def test_exit__closes_the_port(tmp_path: Path) -> None:
    with FakeGitHub(tmp_path / "git") as fake:
        port = int(fake.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
