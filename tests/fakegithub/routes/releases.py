"""Releases and their assets."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tests.fakegithub.answers import ApiError, NotImitatedError, Reply, invalid, not_found
from tests.fakegithub.call import Call, Route, paged
from tests.fakegithub.clock import written
from tests.fakegithub.state import Asset, Release
from tests.fakegithub.views import View, filled, node_id, page_address, repository_address, user_view

if TYPE_CHECKING:
    from collections.abc import Mapping

UPLOADS: Final = "/uploads"
"""What the paths begin with where GitHub has a host of its own, uploads.github.com."""

_RELEASE_FIELDS: Final = frozenset(
    {"tag_name", "target_commitish", "name", "body", "draft", "prerelease", "make_latest"}
)


def list_releases(call: Call) -> Reply:
    found = [each for each in reversed(call.repository.releases.values()) if _sees(call, each)]
    return paged(call, found, lambda each: _view(call, each))


def get(call: Call) -> Reply:
    return Reply(200, _view(call, _release(call)))


def get_by_tag(call: Call) -> Reply:
    published = _published(call, call.path.text("tag"))
    if published is None:
        raise not_found()
    return Reply(200, _view(call, published))


def get_latest(call: Call) -> Reply:
    eligible = [each for each in call.repository.releases.values() if not each.is_draft and not each.is_prerelease]
    if not eligible:
        raise not_found()
    # Without one that was made the latest, GitHub takes the newest, even if `make_latest` was "false" for it.
    chosen = [each for each in eligible if each.id == call.repository.latest_release]
    return Reply(200, _view(call, chosen[0] if chosen else eligible[-1]))


def create(call: Call) -> Reply:
    release = Release(
        id=call.state.new_id(),
        tag="",
        target=call.repository.default_branch,
        name=None,
        body=None,
        is_draft=True,
        is_prerelease=False,
        author=call.login,
        created_at=call.state.clock.now(),
    )
    _change(call, release, is_draft=call.body.flag("draft", default=False))
    call.repository.releases[release.id] = release
    return Reply(201, _view(call, release), {"Location": _address(call, release)})


def update(call: Call) -> Reply:
    release = _release(call)
    _change(call, release, is_draft=call.body.flag("draft", default=release.is_draft))
    return Reply(200, _view(call, release))


def delete(call: Call) -> Reply:
    release = _release(call)
    del call.repository.releases[release.id]  # the tag stays
    if call.repository.latest_release == release.id:
        call.repository.latest_release = None
    return Reply(204)


def list_assets(call: Call) -> Reply:
    release = _release(call)
    return paged(call, list(release.assets.values()), lambda each: _asset_view(call, release, each))


def upload_asset(call: Call) -> Reply:
    if not call.is_upload:
        raise not_found()  # api.github.com does not take uploads
    release = _release(call)
    if not call.content_type:
        raise ApiError(400, "Invalid Content-Type")
    if not call.content:
        raise ApiError(400, "Bad Content-Length")
    # GitHub renames a file rather than refusing its name.
    name = re.sub(r"[^A-Za-z0-9_+@~-]*[^A-Za-z0-9_.+@~-][^A-Za-z0-9_+@~-]*", ".", call.query.text("name")).strip(".")
    if any(each.name == name for each in release.assets.values()):
        raise invalid("ReleaseAsset", "name", "already_exists")
    asset = Asset(
        id=call.state.new_id(),
        name=name,
        label=call.query.optional_text("label"),
        content_type=call.content_type,
        content=call.content,
        uploader=call.login,
        created_at=call.state.clock.now(),
    )
    release.assets[asset.id] = asset
    return Reply(201, _asset_view(call, release, asset), {"Location": _asset_address(call, asset)})


def get_asset(call: Call) -> Reply:
    release, asset = _asset(call)
    if call.accept.startswith("application/octet-stream"):
        asset.download_count += 1
        return Reply(302, headers={"Location": call.state.new_blob(asset.content_type, asset.content)})
    return Reply(200, _asset_view(call, release, asset))


def delete_asset(call: Call) -> Reply:
    release, asset = _asset(call)
    del release.assets[asset.id]
    return Reply(204)


def _change(call: Call, release: Release, *, is_draft: bool) -> None:
    tag = call.body.text("tag_name", release.tag)
    target = call.body.text("target_commitish") or release.target
    other = _published(call, tag)
    if not tag:
        raise invalid("Release", "tag_name", "missing_field")
    if not is_draft and other is not None and other.id != release.id:
        raise invalid("Release", "tag_name", "already_exists")
    if not is_draft:
        _make_tag(call, tag, target)
    release.tag, release.target, release.is_draft = tag, target, is_draft
    release.name = call.body.optional_text("name") if "name" in call.body else release.name
    release.body = call.body.optional_text("body") if "body" in call.body else release.body
    release.is_prerelease = call.body.flag("prerelease", default=release.is_prerelease)
    is_new = not is_draft and release.published_at is None
    release.updated_at = call.state.clock.last
    if is_new:
        release.published_at = call.state.clock.now()
    match call.body.text("make_latest", "true" if is_new else ""):
        case "true" if not is_draft and not release.is_prerelease:
            call.repository.latest_release = release.id
        case "legacy":
            raise NotImitatedError("make_latest: legacy")
        case "false" if call.repository.latest_release == release.id:
            call.repository.latest_release = None
        case _:
            pass


def _make_tag(call: Call, tag: str, target: str) -> None:
    git = call.repository.git
    if git.ref(f"refs/tags/{tag}") is not None:
        return
    commit = git.commit_of(target)
    if commit is None:
        raise invalid("Release", "target_commitish", "invalid")
    git.set_ref(f"refs/tags/{tag}", commit)


def _sees(call: Call, release: Release) -> bool:
    return not release.is_draft or call.may("contents", "write")


def _published(call: Call, tag: str) -> Release | None:
    found = [each for each in call.repository.releases.values() if each.tag == tag and not each.is_draft]
    return found[0] if found else None


def _release(call: Call) -> Release:
    found = call.repository.releases.get(call.path.number("release_id"))
    if found is None or not _sees(call, found):
        raise not_found()
    return found


def _asset(call: Call) -> tuple[Release, Asset]:
    wanted = call.path.number("asset_id")
    for release in call.repository.releases.values():
        if wanted in release.assets and _sees(call, release):
            return release, release.assets[wanted]
    raise not_found()


def _address(call: Call, release: Release) -> str:
    return f"{repository_address(call.state, call.repository)}/releases/{release.id}"


def _asset_address(call: Call, asset: Asset) -> str:
    return f"{repository_address(call.state, call.repository)}/releases/assets/{asset.id}"


def _shown_tag(release: Release) -> str:
    # The page of a draft must not look like the page of the tag, which may not exist.
    return f"untagged-{release.id:020x}" if release.is_draft else quote(release.tag, safe="/@")


def _view(call: Call, release: Release) -> View:
    address = _address(call, release)
    upload = f"{call.state.url}{UPLOADS}{address.removeprefix(call.state.url)}/assets{{?name,label}}"
    return filled(
        "release",
        id=release.id,
        node_id=node_id("RE", release.id),
        tag_name=release.tag,
        target_commitish=release.target,
        name=release.name,
        body=release.body,
        draft=release.is_draft,
        prerelease=release.is_prerelease,
        immutable=False,
        author=user_view(call.state, release.author),
        assets=[_asset_view(call, release, each) for each in release.assets.values()],
        url=address,
        html_url=f"{page_address(call.state, call.repository)}/releases/tag/{_shown_tag(release)}",
        assets_url=f"{address}/assets",
        upload_url=upload,
        created_at=written(release.created_at),
        updated_at=written(release.updated_at or release.created_at),
        published_at=None if release.published_at is None else written(release.published_at),
    )


def _asset_view(call: Call, release: Release, asset: Asset) -> View:
    page = page_address(call.state, call.repository)
    return filled(
        "release-asset",
        id=asset.id,
        node_id=node_id("RA", asset.id),
        name=asset.name,
        label=asset.label,
        content_type=asset.content_type,
        size=len(asset.content),
        digest=f"sha256:{hashlib.sha256(asset.content).hexdigest()}",
        state="uploaded",
        uploader=user_view(call.state, asset.uploader),
        download_count=asset.download_count,
        url=_asset_address(call, asset),
        browser_download_url=f"{page}/releases/download/{_shown_tag(release)}/{asset.name}",
        created_at=written(asset.created_at),
        updated_at=written(asset.created_at),
    )


ROUTES: Final[Mapping[str, Route]] = {
    "repos/list-releases": Route(list_releases),
    "repos/get-release": Route(get),
    "repos/get-release-by-tag": Route(get_by_tag),
    "repos/get-latest-release": Route(get_latest),
    "repos/create-release": Route(create, _RELEASE_FIELDS),
    "repos/update-release": Route(update, _RELEASE_FIELDS),
    "repos/delete-release": Route(delete),
    "repos/list-release-assets": Route(list_assets),
    "repos/upload-release-asset": Route(upload_asset, frozenset({"name", "label"})),
    "repos/get-release-asset": Route(get_asset),
    "repos/delete-release-asset": Route(delete_asset),
}
