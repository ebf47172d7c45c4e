from __future__ import annotations

from dataclasses import replace

from mlci.core.trust import Trust
from tests.core.reports import TRUST


def test_trust_line__names_what_protects_the_verdict() -> None:
    assert TRUST.line == (
        "rules, evaluation rows and labels from the target branch · predicted and scored by mlci (evidence level "
        "`model`) · confined with Landlock · the labels lie in the repository, so a model could have memorised them · "
        "no token"
    )


def test_trust_line__names_what_does_not() -> None:
    trust = Trust(
        has_base=False,
        confined=False,
        confinement="not confined: no Landlock here",
        labels="apart",
        token="default token",  # noqa: S106 - the kind of a token, in words
        as_submitted=("training", "own tests"),
    )
    assert trust.line == (
        "rules from this branch, since the target branch has no `mlci.yaml` yet · predicted and scored by mlci "
        "(evidence level `model`) · not confined: no Landlock here · the labels are out of the pull request's reach · "
        "as submitted: training, own tests · default token"
    )


def test_trust_line__says_that_labels_elsewhere_were_within_reach() -> None:
    of_model = replace(TRUST, labels="reachable").line
    of_predictions = replace(TRUST, labels="reachable", level="predictions").line
    where = " · the labels could be read where the model was trained, so "
    assert f"{where}a model could have memorised them · " in of_model
    assert f"{where}predictions could have been made from them · " in of_predictions


def test_trust_line__says_that_the_rules_of_the_target_branch_cannot_be_used() -> None:
    trust = replace(TRUST, has_base=False, base_is_unusable=True, is_scored=False)
    assert trust.line == "rules from this branch, since those of the target branch cannot be used · no token"
