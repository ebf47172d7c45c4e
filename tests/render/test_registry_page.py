from __future__ import annotations

from typing import Any

from mlci.core.registry import Registry, plan_deployment, plan_promotion
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock
from tests.core.plans import ANA, UUIDS, a_history, a_package, a_promotion, a_rollback

A_HISTORY = r"""# Registry of `tumour`

Written by mlci, which only ever adds to this branch. Please do not edit it by hand.

## Stages

| stage | version | since | by | reason |
| --- | --- | --- | --- | --- |
| `production` | `v1.0.0` | 2026-01-31T12:00:00Z | Ana Müller &lt;ana@&#8203;example.com&gt; (unverified) | misses tumours \| see #&#8203;12 |

## Versions

| version | state | package | commit | registered | why this number |
| --- | --- | --- | --- | --- | --- |
| `v1.1.0` | quarantined | `bbbbbbbbbbbb` | `cccccccccccc` | 2026-01-31T12:00:00Z | parameters changed |
| `v1.0.0` | in `production` | `aaaaaaaaaaaa` | `cccccccccccc` | 2026-01-31T12:00:00Z | parameters changed |

## History

| event | time | what | by | reason |
| --- | --- | --- | --- | --- |
| 6 | 2026-01-31T12:00:00Z | v1.1.0 quarantined | Ana Müller &lt;ana@&#8203;example.com&gt; (unverified) | misses tumours \| see #&#8203;12 |
| 5 | 2026-01-31T12:00:00Z | production back to v1.0.0, from v1.1.0 | Ana Müller &lt;ana@&#8203;example.com&gt; (unverified) | misses tumours \| see #&#8203;12 |
| 4 | 2026-01-31T12:00:00Z | v1.1.0 into production, in place of v1.0.0 | Ana Müller &lt;ana@&#8203;example.com&gt; (unverified) | a better model |
| 3 | 2026-01-31T12:00:00Z | v1.1.0 registered | Ana Müller &lt;ana@&#8203;example.com&gt; (unverified) | a better model |
| 2 | 2026-01-31T12:00:00Z | v1.0.0 into production | Ana Müller &lt;ana@&#8203;example.com&gt; (unverified) | a better model |
| 1 | 2026-01-31T12:00:00Z | v1.0.0 registered | Ana Müller &lt;ana@&#8203;example.com&gt; (unverified) | a better model |

## How to verify

Every event names the sha256 of the file of the event before it, every version's sha256 is in the event that
registered it, and a package's name in the store is its sha256. With plain Git:

```sh
git fetch origin mlci/registry/tumour
git log -p FETCH_HEAD -- events stages               # who did what, when and why
git show FETCH_HEAD:events/000001.json | sha256sum   # is `previous` in events/000002.json
```

`mlci verify` checks all of it.
"""  # noqa: E501 - the rows of a table are as long as they are


def test_page__after_a_rollback() -> None:
    registry = a_rollback(a_history("a", "b"), reason="misses tumours | see #12").after
    assert registry_page(registry) == A_HISTORY


def test_page__tells_what_answers_and_what_is_bad_and_still_in_a_stage() -> None:
    registry = a_history("a", "b")
    common: dict[str, Any] = {"actor": ANA, "now": FixedClock().now(), "uuids": UUIDS, "page": registry_page}
    staged = plan_promotion(
        registry, a_package("b"), "staging", registry.expectation("staging"), reason="to try it", **common
    ).after
    told = plan_deployment(staged, "v1.1.0", "live", is_new=True, reason="live answers", **common)
    assert told is not None
    page = registry_page(a_rollback(told.after).after)
    assert "| `v1.1.0` | in `staging`, quarantined | " in page
    assert (
        "## Deployments\n\n| target | answers with | since |\n| --- | --- | --- |\n"
        "| `live` | `v1.1.0` | 2026-01-31T12:00:00Z |\n\n## Versions\n"
    ) in page


def test_page__a_reason_cannot_break_the_table() -> None:
    reason = "x |\n| forged | `v9` | <img src=x> [link](https://evil.example)\r# heading"
    page = registry_page(a_promotion(Registry.empty("tumour"), "a", reason).after)
    rows = [line for line in page.splitlines() if "forged" in line]
    assert [row.replace(r"\|", "").count("|") for row in rows] == [6, 6, 6]
    assert "<img" not in page


def test_page__a_long_history_is_cut_and_says_so() -> None:
    registry = Registry.empty("tumour")
    for number in range(60):
        registry = a_promotion(registry, "ab"[number % 2]).after
    page = registry_page(registry)
    assert page.count(" into production") == 50
    assert "12 older ones are in `events/`." in page
