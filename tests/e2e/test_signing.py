"""A registry whose entries must be signed, as a user types it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Golden
    from tests.e2e.conftest import Project, Refuses

pytestmark = pytest.mark.slow


def demanding(project: Project, since: int = 1) -> dict[str, str]:
    """Let main demand signatures by Ada, whose key is made; return the variable that names it."""
    key = project.place / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", key], check=True)
    public = key.with_suffix(".pub").read_text()
    (project.folder / "signers").write_text(f'ada@example.org namespaces="mlci" {public}')
    project.replace("mlci.yaml", "promote: {", f"promote: {{sign: {{signers: signers, since: {since}}}, ")
    project.commit("Demand signatures")
    project.git("commit", "--quiet", "--allow-empty", "--message", "The next push")
    project.git("push", "--quiet")
    return {"MLCI_SIGNING_KEY": str(key)}


def test_life__of_a_registry_that_must_be_signed(trained: Project, golden: Golden) -> None:
    key = demanding(trained)
    shown = []
    for verb, environ in (
        (("train",), {}),
        (("promote",), {}),
        (("promote",), key),
        (("quarantine", "v1.0.0", "--reason", "x"), key),
        (("verify",), {}),
    ):
        ended = trained.mlci(*verb, **environ)
        code = f"(exit code {ended.exit_code})\n" if ended.exit_code else ""
        shown.append(f"$ mlci {' '.join(verb)}\n{ended.err}{ended.out}{code}")
    golden("terminal/signing.txt", trained.told("\n".join(shown)))


def test_rollback__without_a_key_changes_nothing(promoted: Project, refuses: Refuses) -> None:
    demanding(promoted, since=6)
    refuses(promoted, "rollback", "--reason", "x", exit_code=2, told="rollback-unsigned")


def test_verify__names_what_nobody_signed_and_what_was_tampered_with(promoted: Project, golden: Golden) -> None:
    key = demanding(promoted, since=5)
    assert promoted.mlci("quarantine", "v1.0.0", "--reason", "leaked", **key).exit_code == 0
    promoted.git("fetch", "--quiet", "origin", "mlci/registry/tumour")
    promoted.git("worktree", "add", "--quiet", "--detach", "../branch", "FETCH_HEAD")
    signature = promoted.place / "branch" / "signatures" / "000006.sig"
    signature.write_bytes(b"forged\n")
    branch = str(promoted.place / "branch")
    promoted.git("-C", branch, "commit", "--quiet", "--all", "--message", "Tamper")
    promoted.git("-C", branch, "push", "--quiet", "origin", "HEAD:mlci/registry/tumour")
    ended = promoted.mlci("verify")
    assert ended.exit_code == 4
    golden("errors/verify-signatures.txt", promoted.told(ended.err + ended.out))


@pytest.mark.parametrize(
    "verb",
    [
        ("deploy", "live"),
        ("pull", "#production"),
        ("pull", "#production", "--from", "../origin.git", "--store", "../models"),
    ],
    ids=["deploy", "pull", "pull-from"],
)
def test_unsigned__what_the_answer_rests_on_is_refused(promoted: Project, verb: tuple[str, ...]) -> None:
    demanding(promoted)
    before = promoted.outside()
    ended = promoted.mlci(*verb)
    assert (ended.exit_code, ended.err.partition(":")[0]) == (4, "error[event-unsigned]")
    assert promoted.outside() == before
