"""One request that passed the gate: who asks for what. Routes take a Call and return a Reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlencode

from tests.fakegithub.answers import Reply, forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.fakegithub.permissions import Permission
    from tests.fakegithub.state import Repository, State, Token

DEFAULT_PER_PAGE: Final = 30
MOST_PER_PAGE: Final = 100
PAGING: Final = frozenset({"per_page", "page"})

Item = TypeVar("Item")


class Fields:
    """The values of a path, a query or a JSON body, which were validated before, by name and type."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def names(self) -> list[str]:
        """Return the names that were given."""
        return list(self._values)

    def raw(self, name: str) -> object:
        """Return a value of any type; None where it is not given."""
        return self._values.get(name)

    def text(self, name: str, default: str = "") -> str:
        """Return a text; a number is taken as it is written, null as not given."""
        value = self._values.get(name)
        return default if value is None else str(value)

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None where it is not given or null."""
        value = self._values.get(name)
        return None if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number."""
        value = self._values.get(name)
        return default if value is None else int(str(value))

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a truth."""
        value = self._values.get(name)
        return default if value is None else value in {True, "true"}

    def items(self, name: str) -> list[object]:
        """Return a list; empty where it is not given."""
        value = self._values.get(name)
        return list(value) if isinstance(value, list) else []

    def table(self, name: str) -> dict[str, object]:
        """Return an object; empty where it is not given."""
        value = self._values.get(name)
        return dict(value) if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `used` is the permission that let it in; None where none was needed. `address` names the repository,
    even if the client gave its number; `is_upload`: the request went to the host for uploads.
    """

    state: State
    token: Token | None
    used: Permission | None
    place: Repository | None
    address: str
    is_upload: bool
    path: Fields
    query: Fields
    body: Fields
    content: bytes = field(repr=False)
    content_type: str
    accept: str

    @property
    def repository(self) -> Repository:
        """Return the repository that the path names; only for operations whose path names one."""
        if self.place is None:
            raise AssertionError(self.address)
        return self.place

    @property
    def login(self) -> str:
        """Return who asks; only for operations that need a token."""
        if self.token is None:
            raise forbidden("Must authenticate to access this API.")
        return self.token.login

    @property
    def app(self) -> str | None:
        """Return the app whose token it is."""
        return None if self.token is None else self.token.app

    def may(self, name: str, level: str) -> bool:
        """Say whether the token has a permission, beyond the one that the operation needs."""
        has = None if self.token is None else self.token.permissions.get(name)
        return has == "write" or (has is not None and has == level)


@dataclass(frozen=True, slots=True)
class Route:
    """How one operation is answered. `honours`: the query parameters and body fields that have an effect here."""

    answer: Callable[[Call], Reply]
    honours: frozenset[str] = frozenset()


def paged(
    call: Call, items: Sequence[Item], shown: Callable[[Item], object], *, key: str | None = None, **more: object
) -> Reply:
    """Return one page of `items` with its `Link` header; with `key` inside an object that also counts them all."""
    per_page = min(max(call.query.number("per_page", DEFAULT_PER_PAGE), 1), MOST_PER_PAGE)
    page = max(call.query.number("page", 1), 1)
    last = max(-(-len(items) // per_page), 1)
    body: object = [shown(each) for each in items[(page - 1) * per_page : page * per_page]]
    if key is not None:
        body = {**more, "total_count": len(items), key: body}
    links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page <= 1:
        del links["prev"], links["first"]
    if page >= last:
        del links["next"], links["last"]
    header = ", ".join(f'<{_page_address(call, number, per_page)}>; rel="{rel}"' for rel, number in links.items())
    return Reply(200, body, {"Link": header} if header else {})


def _page_address(call: Call, number: int, per_page: int) -> str:
    # GitHub's links name the repository by its id: clients must follow them as they are.
    _, _, _, _, rest = call.address.split("/", 4)
    address = f"/repositories/{call.repository.id}/{rest}"
    given = {name: call.query.text(name) for name in call.query.names() if name not in PAGING}
    return f"{call.state.url}{address}?{urlencode({**given, 'per_page': per_page, 'page': number})}"
