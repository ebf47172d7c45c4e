"""Signing with an SSH key and verifying against a list of allowed signers, both offline, by `ssh-keygen -Y`."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.registry.signing import NAMESPACE
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

PROGRAM: Final = "ssh-keygen"
SECONDS: Final = 60
"""An agent may ask its owner; nobody waits longer for that."""
_PASSED_ON: Final = ("HOME", "PATH", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "TMPDIR")

_NOBODY: Final = "it is no signature, or none of an allowed signer at that time"
_OTHER: Final = "it is of other bytes, or was made for something else"


class SshSigning:
    """Signs with one key, if there is one, and says who signed what."""

    def __init__(self, key: Path | str | None, environ: Mapping[str, str]) -> None:
        """Sign with `key`: the file of a private key, or of a public one whose other half an agent holds; or its text.

        The text of a private key is in a file for as long as one signature takes, which nobody else may read.
        """
        self._key = key
        self._environ = {name: environ[name] for name in _PASSED_ON if name in environ} | {"LC_ALL": "C", "TZ": "UTC"}

    @property
    def can_sign(self) -> bool:
        """Whether there is a key."""
        return self._key is not None

    def sign(self, content: bytes) -> bytes:
        """Return a signature of `content`; raises `UsageError`: "signing-key", "ssh-keygen-missing"."""
        with self._key_file() as key:
            finished = self._run(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key)], content)
        if finished.returncode != 0:
            raise _no_key(_said(finished))
        return finished.stdout

    @contextmanager
    def _key_file(self) -> Iterator[Path]:
        if isinstance(self._key, str):
            with tempfile.TemporaryDirectory(prefix="mlci-key-") as folder:
                file = Path(folder, "key")
                file.touch(0o600)
                # A secret that was pasted elsewhere may end its lines otherwise, which ssh-keygen does not read.
                file.write_text("\n".join([*self._key.strip().splitlines(), ""]))
                yield file
        elif self._key is None or not self._key.is_file():
            # What was given may be a key without its first line: it is never shown.
            raise _no_key("what is named as the key is no file" if self._key else "no key is named")
        else:
            yield self._key

    def signer(self, content: bytes, signature: bytes, signers: bytes, at: datetime) -> str:
        """Return who of `signers` signed `content` and was allowed to `at` that time.

        `signers` is a file of allowed signers (see ssh-keygen(1)). Raises `ValueError` with the reason where nobody of
        them did.
        """
        time = f"-Overify-time={at.astimezone(UTC):%Y%m%d%H%M%S}"
        with tempfile.TemporaryDirectory(prefix="mlci-signature-") as folder:
            files = Path(folder)
            (files / "signers").write_bytes(signers)
            (files / "signature").write_bytes(signature)
            given = ["-s", str(files / "signature"), "-f", str(files / "signers")]
            found = self._run(["-Y", "find-principals", *given, time], b"")
            name = found.stdout.decode(errors="replace").splitlines()[:1]
            if found.returncode != 0 or not name:
                raise ValueError(_NOBODY)
            signer = name[0].partition(",")[0]
            verified = self._run(["-Y", "verify", *given, "-n", NAMESPACE, "-I", signer, time], content)
        if verified.returncode != 0:
            raise ValueError(_OTHER)
        return signer

    def _run(self, arguments: Sequence[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [PROGRAM, *arguments],
                input=content,
                env=self._environ,
                capture_output=True,
                check=False,
                timeout=SECONDS,
                start_new_session=True,  # it cannot ask on the terminal
            )
        except FileNotFoundError as error:
            raise UsageError(
                "ssh-keygen-missing",
                "the program ssh-keygen was not found",
                cause="Signatures are made and verified with it.",
                hint="Install OpenSSH 8.9 or newer.",
            ) from error
        except subprocess.TimeoutExpired as error:
            raise _no_key(f"it did not answer within {SECONDS} seconds") from error


def _said(finished: subprocess.CompletedProcess[bytes]) -> str:
    told = finished.stderr.decode(errors="replace") or finished.stdout.decode(errors="replace")
    return one_line(told, 300)


def _no_key(problem: str) -> UsageError:
    return UsageError(
        "signing-key",
        f"nothing could be signed: {problem}",
        cause="The key is not there, has a passphrase that nobody can type here, or its agent is not running.",
        hint="export MLCI_SIGNING_KEY=~/.ssh/id_ed25519, or the .pub file of a key that ssh-agent holds",
    )
