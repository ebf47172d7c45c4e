"""The one form of a skops file, so that equal models have equal bytes and one digest.

A skops file is a zip of `schema.json` and the arrays that it names. Everything in it that differs between two dumps of
equal models goes: Python's `id()`s, which skops writes as `__id__` and uses as names of members, the order of sets,
random names of byte strings, dates, and what no node names.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from dataclasses import replace
from typing import Any, Final, NoReturn

from mlci.errors import IntegrityError

from .recognition import is_pickle
from .zip_members import MalformedZipError, Member, ZipLimits, read_members, write_members

SCHEMA: Final = "schema.json"
SAVE_HINT: Final = 'Save the model with `skops.io.dump(model, "model.skops")`.'

IDENTITY_FREE_LOADERS: Final = frozenset(
    {"BytesNode", "DTypeNode", "FunctionNode", "JsonNode", "SliceNode", "TupleNode", "TypeNode"}
)
"""Loaders of immutable values. Whether two equal ones are one object is an accident of the process (interned strings,
constants of a compiled file) and nothing can tell after loading, so their ids are dropped."""

UNORDERED_LOADERS: Final = frozenset({"SetNode", "ConstructorFromReduceNode"})
"""Loaders of sets, and of others that are none."""

PROCESS_ATTRIBUTES: Final = frozenset({"_stop_words_id"})
"""Attributes in which scikit-learn itself keeps an `id()` (CountVectorizer and its kin, to check stop words once); no
other process can use the number."""

CONTAINERS: Final = frozenset({dict, list})
"""What JSON nests; a forest of 200 trees has fifty thousand values that are neither."""

DEEPEST: Final = 256
"""Levels of JSON; a pipeline of ten nested estimators has about sixty."""


def canonical_skops(data: bytes, *, limits: ZipLimits | None = None) -> bytes:
    """Return the canonical form of a skops file; equal models give equal bytes, and the form of a form is itself.

    Whether members are stored or deflated stays as it is for `schema.json`; deflated bytes also depend on zlib.
    Loading the result gives a model with the same predictions and the same shared mutable objects.

    Raises IntegrityError `pickle-refused` for pickles and joblib files, `not-skops` for anything else that is no
    skops file, is damaged, or is larger than `limits`.
    """
    limits = limits or ZipLimits()
    if is_pickle(data):
        _refuse_pickle()
    try:
        members = read_members(data, limits)
    except MalformedZipError as error:
        raise _not_skops(str(error)) from error
    if any(name.endswith((".pkl", ".pickle")) for name in members):
        _refuse_pickle()
    if SCHEMA not in members:
        raise _not_skops(f"it has no member `{SCHEMA}`")
    schema, nodes = _parse(members[SCHEMA].content)
    rewriting = _Rewriting(members, _shared_ids(nodes), limits)
    try:
        rewriting.rewrite(schema)
    except RecursionError as error:
        raise _too_deep() from error
    text = json.dumps(schema, separators=(",", ":"), allow_nan=False).encode()
    deflated = members[SCHEMA].deflated
    contents = [(SCHEMA, text), *rewriting.contents]
    return write_members((name, Member(content, deflated)) for name, content in contents)


def fitted_version(data: bytes) -> str | None:
    """Return the version of scikit-learn that the model in a canonical skops file was fitted with, where it says so."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _find_version(json.loads(archive.read(SCHEMA)))


def _find_version(value: Any) -> str | None:  # noqa: ANN401  # a JSON value of any kind
    if isinstance(value, dict):
        node = value.get("_sklearn_version")
        if isinstance(node, dict) and isinstance(node.get("content"), str):
            return str(node["content"]).strip('"')
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for item in inner if (found := _find_version(item)) is not None), None)


class _Rewriting:
    """One walk through a schema: gives every shared node a small number and every array a small name."""

    def __init__(self, members: dict[str, Member], shared: frozenset[int], limits: ZipLimits) -> None:
        self.contents: list[tuple[str, bytes]] = []
        self._members = members
        self._shared = shared
        # Zip files within the zip file share one budget, or a thousand small bombs would pass.
        self._limits = limits
        self._numbers: dict[int, int] = {}
        self._names: dict[tuple[str, bytes], str] = {}
        self._canonical: dict[str, tuple[bytes, bytes]] = {}

    def rewrite(self, value: Any, depth: int = 1) -> None:  # noqa: ANN401  # a JSON object or list of any kind
        """Give VALUE, at this DEPTH, canonical ids and names of members; the order of keys stays, it means something.

        In place: to build a tree of a forest's fifty thousand values anew takes longer than to change it.
        """
        if depth > DEEPEST:
            raise _too_deep()
        if type(value) is list:
            for item in value:
                if type(item) in CONTAINERS:
                    self.rewrite(item, depth + 1)
        elif isinstance(value.get("__loader__"), str):
            self._rewrite_node(value, depth)
        else:
            for key, item in value.items():
                if type(item) in CONTAINERS:
                    if key in PROCESS_ATTRIBUTES and _is_json(item):
                        item["content"] = "0"
                    self.rewrite(item, depth + 1)

    def _rewrite_node(self, node: dict[str, Any], depth: int) -> None:
        if node["__loader__"] in UNORDERED_LOADERS:
            _put_in_order(node, self)
        identity = node.get("__id__")
        is_named = isinstance(identity, int) and identity in self._shared and _has_identity(node)
        if not is_named:
            node.pop("__id__", None)
        for key, item in node.items():
            kind = type(item)
            if kind is dict or kind is list:
                self.rewrite(item, depth + 1)
            elif key == "file" and kind is str:
                node[key] = self._member(item)
            elif is_named and key == "__id__":
                # Where it stands among the others, since that is its number; skops takes a zero for "no id".
                node[key] = self._numbers.setdefault(item, len(self._numbers) + 1)

    def digest_of(self, name: str) -> bytes:
        """Return the sha256 of a member's canonical content."""
        return self._content(name)[1]

    def _content(self, name: str) -> tuple[bytes, bytes]:
        if name not in self._canonical:
            if name not in self._members or name == SCHEMA:
                raise _not_skops(f"its schema names the member `{name[:80]}`, which is not there")
            content = self._members[name].content
            if name.endswith(".npz"):
                content = self._canonical_npz(content)
            self._canonical[name] = (content, hashlib.sha256(content).digest())
        return self._canonical[name]

    def _canonical_npz(self, content: bytes) -> bytes:
        try:
            members = read_members(content, self._limits)
        except MalformedZipError as error:
            raise _not_skops(f"a sparse matrix in it is no zip file ({error})") from error
        left = self._limits.total_bytes - sum(len(member.content) for member in members.values())
        self._limits = replace(self._limits, total_bytes=left)
        return write_members(sorted(members.items()))

    def _member(self, name: str) -> str:
        content, digest = self._content(name)
        suffix = next((known for known in (".npy", ".npz", ".bin") if name.endswith(known)), "")
        # Equal arrays share a member: skops reads it once a node, so they do not become one object.
        if (suffix, digest) not in self._names:
            self._names[suffix, digest] = f"{len(self._names) + 1}{suffix}"
            self.contents.append((self._names[suffix, digest], content))
        return self._names[suffix, digest]


def _is_node(value: dict[str, Any]) -> bool:
    # Attributes of a model are dictionaries of nodes, so one that is called `__loader__` is a dictionary, not a text.
    return isinstance(value.get("__loader__"), str)


def _is_json(item: object) -> bool:
    return isinstance(item, dict) and item.get("__loader__") == "JsonNode"


def _has_identity(node: dict[str, Any]) -> bool:
    loader = node["__loader__"]
    is_number = loader == "NdArrayNode" and node.get("__class__") != "ndarray"  # a numpy scalar
    return loader not in IDENTITY_FREE_LOADERS and not is_number


def _shared_ids(nodes: list[dict[str, Any]]) -> frozenset[int]:
    """Return the ids of mutable objects that occur more than once; an id that occurs once says nothing."""
    identities = [identity for node in nodes if isinstance(identity := node["__id__"], int)]
    again = {identity for identity, count in Counter(identities).items() if count > 1}
    # Nearly all occur once, so that few nodes are looked at.
    counts = Counter(
        node["__id__"]
        for node in nodes
        if isinstance(node["__id__"], int) and node["__id__"] in again and _is_node(node) and _has_identity(node)
    )
    return frozenset(identity for identity, count in counts.items() if count > 1)


def _put_in_order(node: dict[str, Any], rewriting: _Rewriting) -> None:
    """Sort the items of a node that is a set, whose order depends on the process's hash seed."""
    content = node.get("content")
    if node["__loader__"] == "SetNode" and isinstance(content, list):
        node["content"] = _sorted(content, rewriting)
    elif node.get("__class__") == "frozenset" and node["__loader__"] == "ConstructorFromReduceNode":
        # the constructor's arguments: a tuple of one list
        items = content.get("content") if isinstance(content, dict) else None
        argument = items[0] if isinstance(items, list) and len(items) == 1 else None
        if isinstance(argument, dict) and isinstance(argument.get("content"), list):
            argument["content"] = _sorted(argument["content"], rewriting)


def _sorted(items: list[Any], rewriting: _Rewriting) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(_without_process(item, rewriting), sort_keys=True))


def _without_process(value: Any, rewriting: _Rewriting) -> Any:  # noqa: ANN401  # a JSON value of any kind
    if isinstance(value, list):
        return [_without_process(item, rewriting) for item in value]
    if isinstance(value, dict):
        result = {key: _without_process(item, rewriting) for key, item in value.items() if key != "__id__"}
        if _is_node(value) and isinstance(value.get("file"), str):
            result["file"] = rewriting.digest_of(value["file"]).hex()
        return result
    return value


def _parse(text: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the schema, and all objects in it that have an id."""
    nodes: list[dict[str, Any]] = []

    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a key occurs twice")
        if "__id__" in result:
            nodes.append(result)
        return result

    try:
        schema = json.loads(text, object_pairs_hook=without_duplicates, parse_constant=_no_constant)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise _not_skops(f"its schema is no valid JSON ({error})") from error
    if not isinstance(schema, dict) or not _is_node(schema):
        raise _not_skops("its schema describes no object")
    return schema, nodes


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _refuse_pickle() -> NoReturn:
    raise IntegrityError(
        "pickle-refused",
        "the model is a pickle (or a joblib file), which runs code when it is loaded",
        cause="It was saved with pickle, joblib, cloudpickle or torch.",
        hint=SAVE_HINT,
    )


def _too_deep() -> IntegrityError:
    return _not_skops(f"its schema is nested more than {DEEPEST} levels deep")


def _not_skops(reason: str) -> IntegrityError:
    return IntegrityError(
        "not-skops",
        f"the model is not a skops file: {reason}",
        cause="It was saved in another format, or it is damaged.",
        hint=SAVE_HINT,
    )
