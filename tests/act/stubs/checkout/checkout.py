"""What actions/checkout does, as far as our workflows ask for it."""

from __future__ import annotations

import base64
import os
import subprocess


def main(given: dict[str, str]) -> None:
    """Fetch the commit of the event, or `ref`, and check it out as the real action does."""
    server, repository = given["GITHUB_SERVER_URL"], given["STUB_REPOSITORY"]
    secret = base64.b64encode(f"x-access-token:{given['STUB_TOKEN']}".encode()).decode()
    header = (f"http.{server}/.extraheader", f"AUTHORIZATION: basic {secret}")
    login = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": header[0], "GIT_CONFIG_VALUE_0": header[1]}

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True, env=given | login)

    git("-c", "init.defaultBranch=master", "init", "--quiet", ".")
    git("remote", "add", "origin", f"{server}/{repository}")
    branch = given["STUB_REF"] or given["GITHUB_REF"].removeprefix("refs/heads/")
    source = f"refs/heads/{branch}" if given["STUB_REF"] else given["GITHUB_SHA"]
    is_branch = not branch.startswith("refs/")
    local = f"refs/remotes/origin/{branch}" if is_branch else branch.replace("refs/pull", "refs/remotes/pull")
    depth = ["--depth", given["STUB_DEPTH"]]
    if given["STUB_DEPTH"] == "0":
        depth = []
        git("fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    # What the event is about, even if the branch moved on.
    git("fetch", "--quiet", "--no-tags", *depth, "origin", f"+{source}:{local}")
    if is_branch:
        git("checkout", "--quiet", "--force", "-B", branch, local)
    else:
        git("-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", local)
    if given["STUB_PERSIST"] == "true":
        git("config", "--local", *header)


if __name__ == "__main__":
    main(dict(os.environ))
