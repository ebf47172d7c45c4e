"""Runs what changes a registry or a store, and is killed by SIGKILL in the middle of it; run as a program.

Reads from its arguments a folder, and prints one JSON object: the steps of each verb, and what every trial came to.
All trials are forks of this process, so that each costs no import; it adopts what a killed child leaves running, and
looks at the state only when all of that has ended, as somebody would who comes later.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlci.adapters.directory_store import DirectoryStore
from mlci.adapters.registry_branch import GitRegistry
from mlci.commands.collect import collect
from mlci.commands.look import record_look
from mlci.commands.marking import deprecate, quarantine
from mlci.core.registry import plan_promotion, plan_rollback
from mlci.core.registry.audit import audit
from mlci.core.registry.looks import looks
from mlci.core.statistics.sealed_budget import SealedBudget
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock
from tests.adapters.clones import Clone, bare_origin, clone_of
from tests.core.plans import ANA, a_package

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM_TRIALS = 200
INSIDE = 160
"""Of so many random moments, how many must lie inside a mutation: others prove nothing, and are made up for."""
PACKAGES = {name: name.encode() * 300_000 for name in ("one", "two", "three", "four")}
DIGESTS = {name: hashlib.sha256(content).hexdigest() for name, content in PACKAGES.items()}
LEFTOVERS = [content + b"leftover" for content in PACKAGES.values()]
SEALED = "5" * 64
PR_SET_CHILD_SUBREAPER = 36
STEPS = frozenset({"subprocess.Popen", "os.rename", "os.remove", "os.mkdir", "os.utime", "open"})
"""Where Python tells of what is about to be changed outside; reading is left out below."""


class World:
    """An origin, a clone and a store in one folder, which is copied for each trial."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.store = DirectoryStore(place / "models")
        self.facts: Any = {
            "actor": ANA, "now": FixedClock().now(), "uuids": iter(uuid.uuid4, None), "page": registry_page,
        }  # fmt: skip

    def registry(self) -> GitRegistry:
        repository = Clone(self.place / "clone").open()
        repository.fetch("main")
        return GitRegistry(repository)

    def promote(self, name: str = "four") -> None:
        registry = self.registry()
        loaded = registry.load("tumour")
        if loaded.registry.version_of(DIGESTS[name]):
            return
        candidate = replace(a_package("a"), package_sha256=DIGESTS[name], locations=(self.upload(name),))
        expected = loaded.registry.expectation("production")
        change = plan_promotion(loaded.registry, candidate, "production", expected, reason=name, **self.facts)
        registry.push("tumour", change, loaded.commit)

    def rollback(self) -> None:
        registry = self.registry()
        loaded = registry.load("tumour")
        if loaded.registry.quarantined:
            return
        change = plan_rollback(loaded.registry, "production", None, reason="bad", **self.facts)
        registry.push("tumour", change, loaded.commit)

    def upload(self, name: str = "four") -> str:
        return self.store.put(PACKAGES[name], DIGESTS[name])

    def gc(self) -> None:
        collect([("store", self.store)], timedelta(days=30), registry=self.registry(), deletes=True)

    def quarantine(self) -> None:
        quarantine("tumour", "v1.0.0", reason="bad", actor=ANA, registry=self.registry(), clock=FixedClock())

    def deprecate(self) -> None:
        deprecate("tumour", "v1.0.0", reason="old", actor=ANA, registry=self.registry(), clock=FixedClock())

    def look(self) -> None:
        registry = self.registry()
        if not looks(registry.load("tumour").registry, SEALED):
            budget, clock = SealedBudget(looks=1, passes=1), FixedClock()
            record_look("tumour", SEALED, "7" * 64, budget, passed=False, actor=ANA, registry=registry, clock=clock)

    def wrong(self) -> list[str]:
        """Return which invariants are broken."""
        registry = self.registry()
        trail = registry.trail("tumour")
        state = registry.load("tumour").registry  # raises where the chain does not hold
        problems = [finding.problem for finding in audit(state, trail)]
        production = state.version_at("production")
        if production is None or state.is_quarantined(production.number):
            problems.append("nothing healthy is in production")
        for version in state.versions.values():
            self.store.fetch(version.package_sha256)  # raises where a version has no bytes
        for stored in self.store.stored():
            self.store.fetch(stored.sha256)  # raises where a half can be read
        return problems

    def outcome(self) -> dict[str, object]:
        """Return what a second call must have come to, whenever the first was killed."""
        state = self.registry().load("tumour").registry
        return {
            "versions": [version.package_sha256[:8] for version in state.versions.values()],
            "production": state.expectation("production").version,
            "quarantined": sorted(state.quarantined),
            "deprecated": sorted(state.deprecated),
            "looks": len(looks(state, SEALED)),
            "stored": sorted(each.sha256[:8] for each in self.store.stored()),
            "events": len(state.events),
        }


VERBS = ("promote", "rollback", "upload", "gc", "quarantine", "deprecate", "look")


def template(place: Path) -> None:
    """Make a registry with three versions and, in the store, four old packages that none of them references."""
    origin = bare_origin(place / "origin.git")
    clone = clone_of(origin, place / "clone")
    clone.git("remote", "set-url", "origin", "../origin.git")
    clone.commit(data="1")
    clone.git("push", "--quiet", "origin", "main")
    world = World(place)
    for name in ("one", "two", "three"):
        world.promote(name)
    for content in LEFTOVERS:
        world.store.put(content, hashlib.sha256(content).hexdigest())
    for file in (place / "models").rglob("*.tar"):
        os.utime(file, (0, file.stat().st_mtime - 90 * 86_400))


def is_change(event: str, values: tuple[object, ...]) -> bool:
    """Say whether an audit event is about something that changes the outside."""
    if event == "open":
        file, _, flags = values
        return (
            not isinstance(file, int)
            and file != os.devnull
            and isinstance(flags, int)
            and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        )
    return event in STEPS


def named(event: str, values: tuple[object, ...]) -> str:
    """Return a step in words: the file or the call of git."""
    if event == "subprocess.Popen":
        words = [str(word) for word in values[1]]  # type: ignore[attr-defined]  # the arguments of the program
        verbs = (
            "cat-file", "fetch", "for-each-ref", "log", "ls-remote", "push", "rev-parse", "unpack-objects",
            "update-ref",
        )  # fmt: skip
        return "git " + next((word for word in words if word in verbs), "…")
    return f"{event} {Path(os.fsdecode(values[0])).suffix}"  # type: ignore[arg-type]  # a path


def run(verb: Callable[[], object], kill_at: int | None, begun: int) -> int:
    """Run in a fork: kill it before its step KILL_AT; tell the steps, and that it began and ended, on a pipe."""
    child = os.fork()
    if child:
        return child
    count = 0

    def hook(event: str, values: tuple[object, ...]) -> None:
        nonlocal count
        if is_change(event, values):
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            os.write(begun, f"{named(event, values)}\n".encode())

    try:
        sys.addaudithook(hook)
        os.write(begun, b"begin\n")
        verb()
        os.write(begun, b"end\n")
    except BaseException as error:  # noqa: BLE001 - told to the parent, whatever it is
        os.write(begun, f"error {error!r}\n".encode())
    finally:
        os._exit(0)


def finished(child: int) -> None:
    """Wait for a child and for all that it left running."""
    os.waitpid(child, 0)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def descendants(process: int) -> list[int]:
    """Return what PROCESS started on its side: a kill of ours ends nothing on the origin's machine, as a host's is."""
    found = []
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    for each in children:
        if not is_of_the_origin(int(each)):
            found += [int(each), *descendants(int(each))]
    return found


def is_of_the_origin(process: int) -> bool:
    try:
        return b"receive-pack" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def trial(
    place: Path, source: Path, verb: str, kill_at: int | None, delay: float | None, *, with_all: bool = False
) -> tuple[list[str], float]:
    """Run VERB on a copy of SOURCE and kill it; return what it told, and how long it took from its beginning."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source, place, symlinks=True)
    reader, writer = os.pipe()
    child = run(getattr(World(place), verb), kill_at, writer)
    os.close(writer)
    told = b""
    while b"begin\n" not in told:
        told += os.read(reader, 1)
    start = time.monotonic()
    if delay is not None:
        time.sleep(delay)
        victims = descendants(child) if with_all else []
        for victim in (child, *victims):
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                continue
    with os.fdopen(reader, "rb") as rest:
        told += rest.read()
    took = time.monotonic() - start
    finished(child)
    return told.decode().splitlines(), took


def judged(place: Path, verb: str, expected: dict[str, object]) -> list[str]:
    """Return what is wrong after a kill, and after the next call of the same verb."""
    world = World(place)
    try:
        problems = [f"after the kill: {each}" for each in world.wrong()]
        getattr(world, verb)()
        problems += [f"after the next call: {each}" for each in world.wrong()]
        found = world.outcome()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong
        return [repr(error)]
    return problems if found == expected else [*problems, f"did not converge: {found} instead of {expected}"]


def main(folder: Path) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    source, place = folder / "template", folder / "trial"
    template(source)
    steps: dict[str, list[str]] = {}
    shortest: dict[str, float] = {}
    expected: dict[str, dict[str, object]] = {}
    wrong: list[str] = []
    for verb in VERBS:
        runs = [trial(place, source, verb, None, None) for _ in range(2)]
        steps[verb] = [each for each in runs[-1][0] if each not in {"begin", "end"}]
        wrong += [f"{verb}: {each}" for each in steps[verb] if each.startswith("error")]
        shortest[verb] = min(took for _, took in runs)
        expected[verb] = World(place).outcome()
    for verb in VERBS:
        for number in range(len(steps[verb])):
            trial(place, source, verb, number, None)
            where = f"{verb} killed before step {number + 1} ({steps[verb][number]})"
            wrong += [f"{where}: {each}" for each in judged(place, verb, expected[verb])]
    chance, inside = random.Random(7), 0  # noqa: S311 - moments, not secrets
    number = 0
    while number < RANDOM_TRIALS or (inside < INSIDE and number < 2 * RANDOM_TRIALS):
        verb = VERBS[number % 4]
        delay = chance.uniform(0, 0.8 * shortest[verb])
        told, _ = trial(place, source, verb, None, delay, with_all=number % 8 >= 4)
        inside += "end" not in told
        if "end" in told:  # the machine has become faster since it was measured
            shortest[verb] = min(shortest[verb], delay)
        number += 1
        where = f"{verb} killed after {delay:.3f} s"
        wrong += [f"{where}: {each}" for each in judged(place, verb, expected[verb])]
    found = {"steps": steps, "inside": inside, "trials": number, "wrong": wrong}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
