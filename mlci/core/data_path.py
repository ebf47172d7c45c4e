"""What `data: … path:` may name: a file, a folder or a pattern below the folder of `mlci.yaml`, or an address."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, WithJsonSchema

from mlci.core.paths import LONGEST_PATH, relative_path

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_STARS: Final = 8
"""The time to match a name grows with them."""
_SECRET: Final = re.compile("sig|token|key|secret|passw|credential|auth", re.IGNORECASE)
_NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"
_PARTITION: Final = re.compile(r"([^=/]{1,200})=([^/]*)")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def data_path(text: object) -> object:
    """Return TEXT, without what is needless, when it may be the path of a data set; what is no text as it is.

    Raises `ValueError` for an address that is neither https:// nor s3://, or that holds credentials; for a path as
    `relative_path` does.
    """
    if not isinstance(text, str) or "://" not in text:
        if isinstance(text, str):
            check_pattern(text)
        return relative_path(text)
    if len(text) > LONGEST_PATH or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        message = "an address has at most 1,000 characters of ASCII and no blank; write others as %20"
        raise ValueError(message)
    if text.startswith("https://"):
        return _https(text)
    if text.startswith("s3://"):
        bucket, _, key = text.removeprefix("s3://").partition("/")
        if _BUCKET.fullmatch(bucket) is None or not key or any(part in {"", ".", ".."} for part in key.split("/")):
            message = "s3://BUCKET/KEY is wanted"
            raise ValueError(message)
        return text
    message = "an address begins with https:// or s3://"
    raise ValueError(message)


def check_pattern(text: str) -> None:
    """Raise `ValueError` where TEXT is a pattern that nothing can be looked for by."""
    if text.count("*") > _MOST_STARS:
        message = f"a path has at most {_MOST_STARS} `*`"
        raise ValueError(message)
    try:
        _pattern(text)
    except re.error:
        message = "the `[…]` of a path says which signs may stand there, such as [0-9]"
        raise ValueError(message) from None


def is_remote(path: str) -> bool:
    """Tell whether PATH is an address."""
    return "://" in path


def is_pattern(path: str) -> bool:
    """Tell whether PATH may stand for several files.

    >>> is_pattern("data/*.csv"), is_pattern("data/cells.csv")
    (True, False)
    """
    return not is_remote(path) and any(sign in path for sign in "*?[")


def named(path: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return which of NAMES (paths of files) PATH stands for, in the order of their code points.

    A file stands for itself; a folder for all files below it, but for those whose name, or whose folder's, begins with
    `.` or `_` (markers such as `_SUCCESS`); in a pattern `*`, `?` and `[…]` stand for a part of one name and `**` for
    folders.

    >>> named("data", ["data/b.csv", "data/year=2024/a.csv", "data/_SUCCESS", "data.csv"])
    ('data/b.csv', 'data/year=2024/a.csv')
    >>> named("data/**/*.csv", ["data/b.csv", "data/year=2024/a.csv", "data/x/y/a.txt"])
    ('data/b.csv', 'data/year=2024/a.csv')
    """
    listed = list(names)
    if path in listed:
        return (path,)
    if not path.startswith("../"):
        listed = [name for name in listed if not name.startswith("../")]
    if is_pattern(path):
        matches = _pattern(path).fullmatch
        return tuple(sorted(name for name in listed if matches(name)))
    inside = (name for name in listed if name.startswith(f"{path}/"))
    return tuple(
        sorted(name for name in inside if not any(part[0] in "._" for part in name[len(path) + 1 :].split("/")))
    )


def partition(path: str, name: str) -> tuple[tuple[str, str | None], ...]:
    """Return the columns that the folders of the file NAME say, one of those that PATH stands for.

    >>> partition("data/year=*/*.csv", "data/year=2024/a.csv"), partition("data", "data/x=a%20b/y=1/a.csv")
    ((('year', '2024'),), (('x', 'a b'), ('y', '1')))
    """
    if name == path:
        return ()
    folders = name.split("/")[:-1]
    fixed = 0
    for part, folder in zip(path.split("/"), folders, strict=False):
        if part != folder:
            break
        fixed += 1
    found = (_PARTITION.fullmatch(folder) for folder in folders[fixed:])
    return tuple((unquote(each[1]), None if each[2] == _NO_VALUE else unquote(each[2])) for each in found if each)


def _https(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit("https://"), None
    if "@" in parts.netloc:
        message = "an address in mlci.yaml holds no credentials; put the data where none are needed, or on s3://"
        raise ValueError(message)
    if any(_SECRET.search(name) for name in re.findall(r"[?&;]([^=&;]*)", text)):
        message = "what lets somebody in (a signature, a token, a key) has no place in mlci.yaml"
        raise ValueError(message)
    host = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc
    if _HOST.fullmatch(host) is None or not parts.path.strip("/") or parts.fragment or "#" in text:
        message = "https://HOST/PATH is wanted, without a fragment"
        raise ValueError(message)
    return text


@lru_cache(maxsize=64)
def _pattern(path: str) -> re.Pattern[str]:
    """Return what PATH means, name by name: `**` any number of folders, every other part one name.

    What follows a `*` or `**` is taken where it stands first and never looked for again, unless it is the last: that
    loses no match, and takes time that grows with the length of a name, not with a power of it.
    """
    *folders, last = path.split("/")
    parts = [list[str]()]
    for part in folders:
        if part != "**":
            parts[-1].append(f"{_name(part)}/")
        elif parts[-1] or len(parts) == 1:  # several in a row are one
            parts.append([])
    first, *others = ("".join(part) for part in parts)
    end = ".+" if last == "**" else _name(last)
    if not others:
        return re.compile(f"{first}{end}")
    *between, final = others
    return re.compile(f"{first}{''.join(f'(?>(?:[^/]+/)*?{each})' for each in between)}(?:[^/]+/)*{final}{end}")


def _name(part: str) -> str:
    """Return the pattern of one name, in which no sign stands for a `/`."""
    fixed, place = [""], 0
    while place < len(part):
        sign, end = part[place], part.find("]", place + 2)
        if sign == "*":
            if fixed[-1] or len(fixed) == 1:
                fixed.append("")
        elif sign == "[" and end > 0:
            inner = part[place + 1 : end]
            negated = inner.startswith("!")
            listed = re.escape(inner[negated:]).replace(r"\-", "-")
            fixed[-1] += f"(?!/)[{'^' if negated else ''}{listed}]"
            place = end
        else:
            fixed[-1] += "[^/]" if sign == "?" else re.escape(sign)
        place += 1
    first, *others = fixed
    if not others:
        return first
    *between, last = others
    return f"{first}{''.join(f'(?>[^/]*?{each})' for each in between)}[^/]*{last}"


DataPath = Annotated[
    str,
    BeforeValidator(data_path),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_PATH}),
]
"""A path or an address, as a field of the configuration."""
