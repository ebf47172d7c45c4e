"""Data at an address of the web: by HTTPS alone, without any credentials, also after a redirection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError

from mlci.core.plain_text import one_line, without_credentials
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.data_files import Wanted

MOST_REDIRECTIONS: Final = 5
SECONDS: Final = (10, 60)
"""To connect, and of silence."""
_CHUNK: Final = 1 << 20
_GONE: Final = frozenset({401, 403, 404, 410})


def https_data(wanted: Wanted) -> Iterator[bytes]:
    """Yield the bytes at the address of WANTED.

    Raises `UsageError("data-not-there")` where nothing is for everybody to read, `OutsideError("data-failed")`.
    """
    address = wanted.address or ""
    try:
        with requests.Session() as session:
            session.auth = _nobody  # else requests looks into ~/.netrc
            with _answer(session, wanted, address) as answer:
                _check(wanted, answer)
                yield from answer.raw.stream(_CHUNK, decode_content=False)  # the hash is of what lies there
    except (requests.RequestException, HTTPError) as error:
        raise OutsideError(
            "data-failed",
            f"{_host(address)} did not answer as it should: {type(error).__name__}",
            where=wanted.name,
            cause="The network or the host is down, or its certificate is not trusted here.",
            hint="Run it again; what has been brought by then is kept.",
        ) from error


def _answer(session: requests.Session, wanted: Wanted, address: str) -> requests.Response:
    """Return the answer of the last address of a chain of redirections."""
    for _ in range(MOST_REDIRECTIONS + 1):
        answer = session.get(
            address, stream=True, allow_redirects=False, timeout=SECONDS, headers={"Accept-Encoding": "identity"}
        )
        if not answer.is_redirect:
            return answer
        answer.close()
        address = _redirected(wanted, address, answer.headers["Location"])
    raise OutsideError(
        "data-failed", f"{_host(address)} redirects more than {MOST_REDIRECTIONS} times", where=wanted.name
    )


def _check(wanted: Wanted, answer: requests.Response) -> None:
    if answer.status_code in _GONE:
        raise UsageError(
            "data-not-there",
            f"{_host(answer.url)} answers {answer.status_code}: there is nothing that everybody may read",
            where=wanted.name,
            cause="The address is mistyped, the file was removed, or it needs credentials, which are never sent.",
            hint="Put the file where everybody may read it, or into a bucket: s3://BUCKET/KEY",
        )
    answer.raise_for_status()


def _redirected(wanted: Wanted, address: str, location: str) -> str:
    """Return where an answer from ADDRESS leads to, which must be reached by HTTPS, too."""
    target = urljoin(address, location)
    if not target.startswith("https://"):
        raise OutsideError(
            "data-failed",
            f"{_host(address)} redirects away from HTTPS",
            where=wanted.name,
            cause="On the way there, anybody could read and change what is sent.",
            hint="Name the address of the file itself.",
        )
    return target


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _host(address: str) -> str:
    return without_credentials(one_line(address.partition("://")[2].partition("/")[0], 120))
