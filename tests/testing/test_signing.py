"""One contract for signatures: the fake keeps it, and so does ssh-keygen."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.ssh_signing import SshSigning
from mlci.errors import UsageError
from mlci.testing import MemorySigning

if TYPE_CHECKING:
    from mlci.commands.ports import Signing

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("ada@example.org", "bob@example.org")


@dataclass(frozen=True)
class World:
    """Somebody whose key is allowed, somebody whose is not, and nobody."""

    ada: Signing
    bob: Signing
    nobody: Signing
    signers: bytes


def with_a_key(folder: Path, name: str, *options: str) -> tuple[SshSigning, str]:
    """Return what signs with a new key, and the key's line in a list of signers."""
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key], check=True)
    line = " ".join([name, *options, key.with_suffix(key.suffix + ".pub").read_text()])
    return SshSigning(key, os.environ), line


@pytest.fixture(params=["memory", "ssh"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "memory":
        return World(MemorySigning(NAMES[0]), MemorySigning(NAMES[1]), MemorySigning(), NAMES[0].encode())
    (ada, line), (bob, _) = (with_a_key(tmp_path, name) for name in NAMES)
    return World(ada, bob, SshSigning(None, os.environ), line.encode())


def test_signer__is_who_signed(world: World) -> None:
    assert world.ada.can_sign
    signature = world.ada.sign(b"an event\n")
    assert world.nobody.signer(b"an event\n", signature, world.signers, NOW) == NAMES[0]


@pytest.mark.parametrize("content", [b"another event\n", b"an event", b""])
def test_signer__of_other_bytes_is_nobody(world: World, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        world.nobody.signer(content, world.ada.sign(b"an event\n"), world.signers, NOW)


def test_signer__who_is_not_allowed_is_nobody(world: World) -> None:
    with pytest.raises(ValueError, match=r"."):
        world.nobody.signer(b"an event\n", world.bob.sign(b"an event\n"), world.signers, NOW)


@pytest.mark.parametrize("signature", [b"", b"no signature", b"\xff\x00", b"-----BEGIN SSH SIGNATURE-----\nAAAA\n"])
def test_signer__of_what_is_no_signature_is_nobody(world: World, signature: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        world.nobody.signer(b"an event\n", signature, world.signers, NOW)


@pytest.mark.parametrize("signers", [b"", b"# nobody\n", b"-Ofoo\n"])
def test_signer__where_nobody_is_allowed(world: World, signers: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        world.nobody.signer(b"an event\n", world.ada.sign(b"an event\n"), signers, NOW)


def test_sign__without_a_key(world: World) -> None:
    assert not world.nobody.can_sign
    with pytest.raises(UsageError) as caught:
        world.nobody.sign(b"an event\n")
    assert (caught.value.code, bool(caught.value.hint)) == ("signing-key", True)


# What only ssh-keygen knows


def test_signer__a_key_that_was_allowed_only_at_another_time(tmp_path: Path) -> None:
    ada, line = with_a_key(tmp_path, "ada@example.org", 'valid-before="20251231"')
    with pytest.raises(ValueError, match=r"."):
        ada.signer(b"x", ada.sign(b"x"), line.encode(), NOW)
    assert ada.signer(b"x", ada.sign(b"x"), line.encode(), datetime(2025, 6, 1, tzinfo=UTC)) == "ada@example.org"


def test_signer__a_signature_that_was_made_for_something_else(tmp_path: Path) -> None:
    ada, line = with_a_key(tmp_path, "ada@example.org")
    made = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-n", "git", "-f", tmp_path / "ada@example.org"],
        input=b"x", capture_output=True, check=True,
    ).stdout  # fmt: skip
    with pytest.raises(ValueError, match=r"."):
        ada.signer(b"x", made, line.encode(), NOW)


def test_signer__a_key_that_is_allowed_for_git_alone(tmp_path: Path) -> None:
    ada, line = with_a_key(tmp_path, "ada@example.org", 'namespaces="git"')
    with pytest.raises(ValueError, match=r"."):
        ada.signer(b"x", ada.sign(b"x"), line.encode(), NOW)


def test_sign__with_a_passphrase_that_nobody_can_type(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a secret", "-f", key], check=True)
    with pytest.raises(UsageError) as caught:
        SshSigning(key, {"PATH": os.environ["PATH"]}).sign(b"x")
    assert caught.value.code == "signing-key"


def test_sign__by_an_agent_that_holds_the_key(tmp_path: Path) -> None:
    ada, line = with_a_key(tmp_path, "ada@example.org")
    key, public = tmp_path / "ada@example.org", tmp_path / "ada@example.org.pub"
    with subprocess.Popen(["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.PIPE) as agent:
        try:
            assert agent.stdout is not None
            agent.stdout.readline()  # it listens from here on
            environ = {"PATH": os.environ["PATH"], "SSH_AUTH_SOCK": str(tmp_path / "agent")}
            subprocess.run(["ssh-add", "-q", key], env=environ, check=True)
            key.unlink()
            signature = SshSigning(public, environ).sign(b"x")
        finally:
            agent.terminate()
    assert ada.signer(b"x", signature, line.encode(), NOW) == "ada@example.org"


def test_program__that_is_not_there(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("")
    with pytest.raises(UsageError) as caught:
        SshSigning(key, {"PATH": str(tmp_path)}).sign(b"x")
    assert caught.value.code == "ssh-keygen-missing"


@pytest.mark.parametrize("ending", ["", "\n\n"])
def test_sign__with_the_text_of_a_key(tmp_path: Path, ending: str) -> None:
    _, line = with_a_key(tmp_path, NAMES[0])
    signing = SshSigning((tmp_path / NAMES[0]).read_text().rstrip() + ending, os.environ)
    assert signing.can_sign
    assert signing.signer(b"an event\n", signing.sign(b"an event\n"), line.encode(), NOW) == NAMES[0]


def test_sign__with_a_text_whose_lines_end_as_on_windows(tmp_path: Path) -> None:
    _, line = with_a_key(tmp_path, NAMES[0])
    signing = SshSigning((tmp_path / NAMES[0]).read_text().replace("\n", "\r\n"), os.environ)
    assert signing.signer(b"an event\n", signing.sign(b"an event\n"), line.encode(), NOW) == NAMES[0]


def test_sign__with_a_text_that_is_no_key() -> None:
    with pytest.raises(UsageError) as caught:
        SshSigning("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n", os.environ).sign(b"an event\n")
    assert (caught.value.code, "secret" in str(caught.value)) == ("signing-key", False)


def test_sign__with_a_key_that_lost_its_first_line_shows_nothing_of_it() -> None:
    with pytest.raises(UsageError) as caught:
        SshSigning(Path("b3BlbnNzaC1rZXktdjEAAAAA"), os.environ).sign(b"an event\n")
    assert (caught.value.code, "b3BlbnNz" in str(caught.value)) == ("signing-key", False)
