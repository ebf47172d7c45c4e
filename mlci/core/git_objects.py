"""Git's objects as values: blobs, trees, commits, annotated tags, and the pack that carries them into a repository.

Written here so that a change of the registry becomes objects with known ids before Git is called at all: no temporary
reference, no index, no hook and no configuration (signing, templates) takes part. Formats: `git help gitformat-pack`,
`git help mktag`, and "Git Internals" in Chacon and Straub, Pro Git, 2nd edition, chapter 10.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Literal

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

ObjectFormat = Literal["sha1", "sha256"]

FILE_MODE: Final = "100644"
FOLDER_MODE: Final = "40000"
SYMLINK_MODE: Final = "120000"
_IDENTITY: Final = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<address>[^<>\s]*)>")


class Kind(IntEnum):
    """The kind of an object, by its number in a pack."""

    COMMIT = 1
    TREE = 2
    BLOB = 3
    TAG = 4


@dataclass(frozen=True, slots=True)
class GitObject:
    """One object: its kind and its content without the header."""

    kind: Kind
    body: bytes

    def id(self, object_format: ObjectFormat) -> str:
        """Return the object's id in hexadecimal digits."""
        header = b"%s %d\0" % (self.kind.name.lower().encode(), len(self.body))
        return new_hash(object_format, header + self.body).hexdigest()


def new_hash(object_format: ObjectFormat, data: bytes = b"") -> hashlib._Hash:
    """Return a hash of the kind that names objects in a repository of this format."""
    return hashlib.new(object_format, data, usedforsecurity=False)


def format_of(object_id: str) -> ObjectFormat:
    """Return the format of the repository that this id comes from."""
    return "sha1" if len(object_id) == 40 else "sha256"  # noqa: PLR2004 - forty hexadecimal digits are a SHA-1


def blob(data: bytes) -> GitObject:
    """Return the object of a file's content."""
    return GitObject(Kind.BLOB, data)


def trees(files: Mapping[str, str], object_format: ObjectFormat) -> tuple[str, list[GitObject]]:
    """Return the id of the tree with these files (path → blob id), and every tree object that it needs."""
    folders: dict[str, dict[str, str]] = {}
    entries: list[tuple[bytes, bytes]] = []
    for path, object_id in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = object_id
        else:
            entries.append((name.encode(), _tree_entry(FILE_MODE, name, object_id)))
    objects: list[GitObject] = []
    for name, inner in folders.items():
        tree_id, below = trees(inner, object_format)
        objects.extend(below)
        # Git orders a folder as if its name ended in a slash.
        entries.append((f"{name}/".encode(), _tree_entry(FOLDER_MODE, name, tree_id)))
    tree = GitObject(Kind.TREE, b"".join(entry for _, entry in sorted(entries)))
    return tree.id(object_format), [*objects, tree]


def parse_tree(body: bytes, object_format: ObjectFormat) -> Iterator[tuple[str, str, str]]:
    """Yield mode, name and id of each entry of a tree; raises `ValueError` when it is cut off or no UTF-8."""
    size = new_hash(object_format).digest_size
    position = 0
    while position < len(body):
        end = body.index(b"\0", position)
        mode, _, name = body[position:end].decode().partition(" ")
        position = end + 1 + size
        if position > len(body):
            msg = "a tree is cut off"
            raise ValueError(msg)
        yield mode, name, body[end + 1 : position].hex()


def commit(tree: str, parent: str | None, who: str, when: datetime, message: str) -> GitObject:
    """Return a commit; `who` is "Name <address>", for author and committer alike, the time zone is UTC."""
    lines = [f"tree {tree}", *([] if parent is None else [f"parent {parent}"])]
    signature = _signature(who, when)
    lines += [f"author {signature}", f"committer {signature}", "", message]
    return GitObject(Kind.COMMIT, "\n".join(lines).encode())


def tag(name: str, commit_id: str, who: str, when: datetime, message: str) -> GitObject:
    """Return an annotated tag on a commit."""
    lines = [f"object {commit_id}", "type commit", f"tag {name}", f"tagger {_signature(who, when)}", "", message]
    return GitObject(Kind.TAG, "\n".join(lines).encode())


def commit_tree(body: bytes) -> str:
    """Return the id of the tree that a commit's content names."""
    return body.partition(b"\n")[0].removeprefix(b"tree ").decode()


def commit_parents(body: bytes) -> tuple[str, ...]:
    """Return the ids of the parents that a commit's content names, in order."""
    header = body.partition(b"\n\n")[0].split(b"\n")
    return tuple(line.removeprefix(b"parent ").decode() for line in header if line.startswith(b"parent "))


def pack(objects: Iterable[GitObject], object_format: ObjectFormat) -> bytes:
    """Return a pack (version 2, no deltas) for `git unpack-objects`."""
    bodies = [_pack_header(each) + zlib.compress(each.body) for each in objects]
    content = b"".join([b"PACK", (2).to_bytes(4, "big"), len(bodies).to_bytes(4, "big"), *bodies])
    return content + new_hash(object_format, content).digest()


def _tree_entry(mode: str, name: str, object_id: str) -> bytes:
    return f"{mode} {name}\0".encode() + bytes.fromhex(object_id)


def _signature(who: str, when: datetime) -> str:
    match = _IDENTITY.fullmatch(one_line(who, 300))
    name, address = (match["name"], match["address"]) if match else (one_line(who, 300), "")
    # What Git itself strips from names: brackets would end the name early.
    shown = name.translate({ord("<"): None, ord(">"): None}).strip(" .,:;\"'") or "unknown"
    return f"{shown} <{address}> {int(when.timestamp())} +0000"


def _pack_header(each: GitObject) -> bytes:
    """Return kind and size: four bits of size beside the kind, then seven a byte, the top bit says "more"."""
    size = len(each.body)
    first, size = (each.kind << 4) | (size & 0x0F), size >> 4
    header = bytearray()
    while size:
        header.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    header.append(first)
    return bytes(header)
