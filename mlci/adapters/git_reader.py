"""Reading objects by `git cat-file --batch`: one process for any number of them, each with a limit of size."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO

from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlci.adapters.git_process import Git

# As many requests as surely fit into a pipe that nobody empties (65 bytes each, 16 KiB at least everywhere).
_REQUESTS_AT_ONCE = 200
_CHUNK_BYTES = 1 << 20


class GitReader:
    """An open conversation with `git cat-file --batch`."""

    def __init__(self, requests: IO[bytes], answers: IO[bytes]) -> None:
        """Keep the two ends of the conversation."""
        self._requests = requests
        self._answers = answers

    def find(self, name: str, kind: str, limit_bytes: int) -> tuple[str, bytes] | None:
        """Return id and content of the object that `name` (an id or a full reference) stands for, `None` if none.

        Raises `IntegrityError`: "git-object-kind" when it is not of this kind, "too-large" when it is larger than the
        limit.
        """
        self._ask([name])
        header = self._header(kind)
        if header is None:
            return None
        object_id, size = header
        return object_id, self._content(name, size, limit_bytes)

    def blobs(self, ids: Sequence[str], limit_bytes: int) -> Iterator[bytes]:
        """Yield the contents of blobs in the order of `ids`; raises as `find` and when one is missing."""
        for start in range(0, len(ids), _REQUESTS_AT_ONCE):
            several = ids[start : start + _REQUESTS_AT_ONCE]
            self._ask(several)
            for object_id in several:
                header = self._header("blob")
                if header is None:
                    raise missing(object_id)
                yield self._content(object_id, header[1], limit_bytes)

    def copy(self, object_id: str, file: BinaryIO) -> None:
        """Write the content of a blob of any size to `file`."""
        self._ask([object_id])
        header = self._header("blob")
        if header is None:
            raise missing(object_id)
        left = header[1]
        while left:
            chunk = self._answers.read(min(left, _CHUNK_BYTES))
            if not chunk:
                raise _ended()
            file.write(chunk)
            left -= len(chunk)
        self._answers.read(1)

    def _ask(self, names: Sequence[str]) -> None:
        try:
            self._requests.write("".join(f"{name}\n" for name in names).encode())
            self._requests.flush()
        except BrokenPipeError as error:
            raise _ended() from error

    def _header(self, kind: str) -> tuple[str, int] | None:
        words = self._answers.readline().split()
        if not words:
            raise _ended()
        if words[-1] == b"missing":
            return None
        object_id, found, size = (word.decode() for word in words[-3:])
        if found != kind:
            raise IntegrityError("git-object-kind", f"the Git object {object_id} is a {found}; a {kind} was expected")
        return object_id, int(size)

    def _content(self, name: str, size: int, limit_bytes: int) -> bytes:
        if size > limit_bytes:
            raise too_large(name, size, limit_bytes)
        content = self._answers.read(size + 1)
        if len(content) != size + 1 or not content.endswith(b"\n"):
            raise _ended()
        return content[:-1]


@contextmanager
def reading(git: Git, folder: Path) -> Iterator[GitReader]:
    """Open a conversation with the repository that `folder` lies in."""
    with git.conversation(["cat-file", "--batch"], folder=folder) as (requests, answers):
        yield GitReader(requests, answers)


def too_large(name: str, size: int, limit_bytes: int) -> IntegrityError:
    """Return the error of a file that is larger than what it is read for allows."""
    return IntegrityError("too-large", f"{name} has {size} bytes; at most {limit_bytes} are read", where=name)


def missing(object_id: str) -> OutsideError:
    """Return the error of an object that this clone does not have."""
    return OutsideError(
        "git-object-missing",
        f"this clone does not have the Git object {object_id}",
        cause="It is a shallow or a partial clone, or it is damaged.",
        hint="git fetch --unshallow origin; then: git fsck",
    )


def _ended() -> OutsideError:
    return OutsideError("git-failed", "git cat-file ended before it had answered", hint="git fsck")
