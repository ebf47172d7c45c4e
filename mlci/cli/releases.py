"""The releases of the repository that an address names, for who is in no job of its host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mlci.cli.output import CACHE_BYTES, progress

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.adapters.release_store import ReleaseStore

TOKEN: Final = "MLCI_TOKEN"  # noqa: S105 - the name of the variable, not what it holds
_ON_A_HOST: Final = re.compile(
    r"(?:(?P<scheme>https?|ssh)://)?(?:[^@/:]+(?::[^@/]*)?@)?(?P<host>[A-Za-z0-9.-]+)(?P<port>:[0-9]+(?=/))?"
    r"[:/](?P<repository>[A-Za-z0-9._-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?"
)


def releases_of(origin: str, commit: str, cache: Path, environ: Mapping[str, str]) -> ReleaseStore | None:
    """Return the store in the releases of the repository at ORIGIN; None where that is no address on a GitHub.

    A new release's tag points to COMMIT; what was fetched lies in CACHE.
    """
    match = _ON_A_HOST.fullmatch(origin)
    if match is None:
        return None
    from mlci.adapters.github_session import GithubSession
    from mlci.adapters.release_store import ReleaseStore

    api_url, token = github_of(f"{match['host']}{match['port'] or ''}", match["scheme"], environ)
    session = GithubSession(token, api_url=api_url)
    return ReleaseStore(
        session,
        match["repository"],
        cache=cache,
        target_commitish=commit,
        limit_bytes=CACHE_BYTES,
        progress=progress(),
    )


def github_of(host: str, scheme: str | None, environ: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the API of the GitHub at HOST, and the token that may go there.

    A token goes only to the GitHub that the environment names, which is github.com where it names none.

    >>> github_of("github.com", "https", {"MLCI_TOKEN": "t"})
    ('https://api.github.com', 't')
    >>> github_of("github.acme.example", "https", {"MLCI_TOKEN": "t"})
    ('https://github.acme.example/api/v3', None)
    """
    from mlci.core.github_event import API_URL, SERVER_URL

    server = urlsplit(environ.get("GITHUB_SERVER_URL", SERVER_URL))
    if host == server.netloc and scheme in {None, "ssh", server.scheme}:
        default = API_URL if host == urlsplit(SERVER_URL).netloc else f"{server.scheme}://{host}/api/v3"
        return environ.get("GITHUB_API_URL", default), environ.get(TOKEN) or None
    if host == urlsplit(SERVER_URL).netloc:
        return API_URL, None
    return f"https://{host}/api/v3", None
