"""What GitHub's refusals mean, and the line that mends them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line, without_credentials
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.errors import MlciError

_ACCEPTED: Final = "x-accepted-github-permissions"
_PERMISSION: Final = re.compile(r"([a-z_]{1,40})=(read|write|admin)")
# What a job can ask for: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
_IN_A_JOB: Final = frozenset({"actions", "checks", "contents", "deployments", "issues", "pull_requests", "statuses"})
_SECONDARY_LIMIT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What GitHub answered: the status, the headers by small letters, the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> str:
        """What GitHub says about it, in one line, with the places of a 422."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return f"status {self.status}"
        if not isinstance(value, dict):
            return f"status {self.status}"
        said = [str(value.get("message", f"status {self.status}"))]
        errors = value.get("errors")
        said.extend(_one_error(each) for each in errors[:3]) if isinstance(errors, list) else None
        return one_line(without_credentials("; ".join(each for each in said if each)), 300)


def limited_seconds(reply: Reply, now: float) -> float | None:
    """Return how long a rate limit asks to wait, `None` if there is none.

    As https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api says: `Retry-After`
    first, then the reset of an empty budget, then a minute for a secondary limit.
    """
    if reply.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return None
    asked = retry_after_seconds(reply, now)
    if asked is not None:
        return asked
    reset = reply.headers.get("x-ratelimit-reset", "")
    if reply.headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        # One second more: the reset is in whole seconds.
        return max(0.0, float(reset[:12]) - now) + 1
    is_secondary = reply.status == HTTPStatus.TOO_MANY_REQUESTS or "secondary rate limit" in reply.message.lower()
    return _SECONDARY_LIMIT_SECONDS if is_secondary else None


def retry_after_seconds(reply: Reply, now: float) -> float | None:
    """Return what `Retry-After` asks for, in seconds or as a date (RFC 9110, section 10.2.3)."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def refusal(reply: Reply, where: str) -> MlciError:
    """Return the error that a reply which is no success means; `where` is what was asked (`GET /repos/acme/tumour`)."""
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return OutsideError(
            "token-refused",
            "GitHub does not accept the token",
            where=where,
            cause="The token has expired (a job's own ends with the job), was revoked, or belongs to another host.",
            hint="Run the job again; in the workflow: MLCI_TOKEN: ${{ github.token }}",
        )
    if reply.status == HTTPStatus.FORBIDDEN and "resource not accessible by" in reply.message.lower():
        return UsageError(
            "permission-missing",
            f"the token may not do this: {reply.message}",
            where=where,
            cause="The job does not ask for the permission, or it runs for a pull request from a fork.",
            hint=permissions_line(reply.headers.get(_ACCEPTED, "")),
        )
    if reply.status == HTTPStatus.NOT_FOUND:
        return UsageError(
            "github-not-found",
            f"GitHub has nothing there, or hides it: {reply.message}",
            where=where,
            cause="What a token may not read in a private repository, GitHub calls “Not Found”.",
            hint=permissions_line(reply.headers.get(_ACCEPTED, "")) or "permissions: {contents: read}",
        )
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutsideError(
            "github-unavailable",
            f"GitHub failed: {reply.message}",
            where=where,
            hint="Look at https://www.githubstatus.com and run the job again.",
        )
    return OutsideError("github-refused", f"GitHub refused this with {reply.status}: {reply.message}", where=where)


def unreachable(api_url: str, failure: str, place: str) -> OutsideError:
    """Return the error of an API that does not answer at PLACE, for the FAILURE that requests names."""
    return OutsideError(
        "github-unreachable",
        f"{api_url} does not answer: {failure}",
        where=place,
        cause="The network or GitHub is down, or a proxy is needed (HTTPS_PROXY).",
        hint="Look at https://www.githubstatus.com and run the job again.",
    )


def rate_limited(seconds: float, place: str) -> OutsideError:
    """Return the error of an API that wants to be left alone for so many SECONDS, longer than we wait."""
    return OutsideError(
        "rate-limited",
        f"GitHub wants no more calls for {seconds:.0f} seconds",
        where=place,
        cause="The jobs of the repository share 1,000 calls an hour (15,000 on Enterprise Cloud).",
        hint="Run the job again after that time.",
    )


def permissions_line(accepted: str) -> str | None:
    """Return the line of a workflow that grants what the header `X-Accepted-GitHub-Permissions` asks for.

    `;` stands between alternatives, `,` between what is needed together. What concerns a pull request is preferred,
    because that is what the rest of the report needs too. `None` where a job cannot ask for it.

    >>> permissions_line("issues=write; pull_requests=write")
    'permissions: {pull-requests: write}'
    """
    alternatives = [dict(_PERMISSION.findall(each)) for each in accepted.split(";")]
    grantable = [each for each in alternatives if each.keys() & _IN_A_JOB]
    if not grantable:
        return None
    chosen = next((each for each in grantable if "pull_requests" in each), grantable[0])
    wanted = ", ".join(f"{name.replace('_', '-')}: {level}" for name, level in chosen.items() if name in _IN_A_JOB)
    return f"permissions: {{{wanted}}}"


def _one_error(error: object) -> str:
    """Return one entry of `errors`, which GitHub writes as a text or as an object."""
    if isinstance(error, dict):
        return " ".join(str(error[key]) for key in ("resource", "field", "code", "message") if error.get(key))
    return error if isinstance(error, str) else ""
