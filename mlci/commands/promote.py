"""`mlci promote`: make the candidate production, if it passes the gates against production as it is now.

Holds the right to write, and runs no repository code.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlci.commands.before_push import before_push, refuse_to_guess
from mlci.commands.beginning import refuse_gone
from mlci.commands.case import conclusion_of, in_stage, is_broken, judge_case, open_case, report_on, validate_case
from mlci.commands.installed import Installed
from mlci.commands.look import look_at_sealed_set
from mlci.commands.proven import chosen
from mlci.commands.putting_back import put_back
from mlci.commands.quarantine import quarantined_version
from mlci.commands.retrying import record
from mlci.commands.sides import EmptyTree
from mlci.commands.signatures import demanded, refuse_unsigned, refuse_unvouched
from mlci.commands.version_number import kind_of_change
from mlci.core.evaluation import write_evaluation
from mlci.core.plain_text import one_line
from mlci.core.registry import NewVersion, plan_promotion, refuse_unexpected
from mlci.core.registry.entries import sha256
from mlci.core.registry.standing import refuse_unusable
from mlci.core.report import Conclusion
from mlci.errors import IntegrityError, MlciError, RejectedError, UndecidedError, UsageError
from mlci.render.registry_page import registry_page

if TYPE_CHECKING:
    from mlci.commands.candidate import Candidate
    from mlci.commands.case import Case, Tools
    from mlci.commands.ports import Clock, Forge, Repository
    from mlci.commands.signatures import Demand
    from mlci.core.registry import Actor, Change, Part, Registry, Version
    from mlci.core.report import Report


LONGEST_NUMBER_REASON = 2000


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion came to."""

    version: str | None
    """What is in the stage now, None where nothing is."""
    stage: str
    before: str | None
    sha256: str | None
    verdict: str | None
    """None where nothing was decided: the candidate was in the stage already, or a later push decides."""
    superseded_by: str | None = None
    """The commit that the branch moved on to, whose own push decides."""
    provenance: str = ""
    """What ties the model to the pull request that was judged; empty where nothing does, or nothing was decided."""


def promote(
    target: str,
    stated_base: str | None,
    *,
    reason: str | None,
    actor: Actor,
    repository: Repository,
    forge: Forge,
    tools: Tools,
    clock: Clock,
    expect: str | None = None,
    bump: Part | None = None,
    stage: str | None = None,
) -> Promotion:
    """Promote the candidate of HEAD, the tip TARGET of the branch, judged by the rules from before the push.

    Where the branch moved on since (another push, or this is an old one run again) nothing is promoted. STATED_BASE is
    what the host says that the branch was at; None where nobody says it. EXPECT is what the stage must hold, BUMP which
    part of the number counts up, for the REASON. STAGE is where it goes and what it is judged against, in place of the
    one that the rules name.
    """
    _refuse_empty(reason, bump)
    commit = _promotable_commit(repository, target)
    base = before_push(stated_base, commit, repository)
    case = open_case(repository.tree(commit), repository.tree(base) if base else EmptyTree(), tools)
    refuse_gone(case.registry, tools.registry)
    if stage is not None:
        case = in_stage(case, stage)
    stage, production = case.rules.config.promote.stage, case.production
    demand = demanded(case.rules.config.promote.sign, case.base if case.base_side else case.head)
    _refuse_unvouched(case, case.registry.registry, demand, tools)
    if production and production.run == case.inputs.digest:
        return _nothing(production, stage, case, tools)
    if commit != target:
        # Its rules may be stricter, and it holds what this commit brought: nothing is promoted past it.
        now = (production.number, production.package_sha256) if production else (None, None)
        return Promotion(now[0], stage, now[0], now[1], None, superseded_by=target)
    candidate, provenance = chosen(commit, case, forge, tools)
    before = production.number if production else None
    if production and production.package_sha256 == candidate.sha256:
        return _nothing(production, stage, case, tools)

    if expect is not None:
        refuse_unexpected(case.registry.registry, stage, expect)
    _refuse_own_rules(case)
    if stated_base is None:
        refuse_to_guess(base, case, repository)
    if tools.signing:
        refuse_unsigned(demand, tools.signing, clock.now())
    _refuse_quarantined(case, candidate, tools, case.registry.registry)
    report = _judge(case, candidate, provenance, tools)
    _refuse_unless_passed(report, stage, before, merged=len(repository.parents(commit)) > 1)
    installed = candidate.installed
    look_at_sealed_set(case, installed, repository.work_tree(), tools, actor=actor, clock=clock)

    version = _registered(
        case,
        candidate,
        report,
        commit=commit,
        reason=reason,
        bump=bump,
        actor=actor,
        repository=repository,
        forge=forge,
        tools=tools,
        clock=clock,
        demand=demand,
    )
    return Promotion(version, stage, before, candidate.sha256, str(report.conclusion), provenance=provenance)


def _registered(
    case: Case,
    candidate: Candidate,
    report: Report,
    *,
    commit: str,
    reason: str | None,
    bump: Part | None,
    actor: Actor,
    repository: Repository,
    forge: Forge,
    tools: Tools,
    clock: Clock,
    demand: Demand | None,
) -> str | None:
    """Keep the bytes of CANDIDATE, write it into registry and stage by one push, and return its version."""
    change_of_number = (bump, reason) if bump and reason else kind_of_change(case, candidate.package, repository, tools)
    stored = tools.open_store(case.rules.config.promote).put(candidate.archive, candidate.sha256)
    locations = tuple(dict.fromkeys(stored.split(" ")))
    evaluation, approvals = write_evaluation(report), _approvals(commit, forge)
    new = _new_version(case, candidate, commit, sha256(evaluation), locations=locations, number=change_of_number)
    stage = case.rules.config.promote.stage

    def planned(found: Registry) -> Change:
        # What was judged holds as long as the stage did not move, whatever else was written meanwhile.
        change = plan_promotion(
            found,
            new,
            stage,
            case.registry.registry.expectation(stage),
            actor=actor,
            now=clock.now(),
            uuids=iter(uuid.uuid4, None),
            reason=reason or repository.subject(commit),
            page=registry_page,
            evaluation=evaluation,
            approvals=approvals,
        )
        if found.quarantined != case.registry.registry.quarantined:
            _refuse_quarantined(case, candidate, tools, found)
            _refuse_unvouched(case, found, demand, tools)
        return change

    return record(case.registry.registry.model, planned, tools.registry).version


def _refuse_unvouched(case: Case, found: Registry, demand: Demand | None, tools: Tools) -> None:
    """Raise where what the candidate is held against rests, in the registry FOUND, on what nobody vouches for."""
    if tools.signing is not None:
        numbers = [case.production.number] if case.production else []
        refuse_unvouched(found, numbers, case.rules.config.promote.stage, demand, tools.signing)


def _nothing(there: Version, stage: str, case: Case, tools: Tools) -> Promotion:
    """Return that STAGE holds this very model already; raises where another stage took it back for good.

    Where the store lacks the package of it, and it was made again here, it is put back.
    """
    if case.registry.registry.is_quarantined(there.number):
        refuse_unusable(case.registry.registry, there.number)
    put_back(there, case, tools)
    return Promotion(there.number, stage, there.number, there.package_sha256, None)


def _approvals(commit: str, forge: Forge) -> tuple[str, ...]:
    """Return who approved the pull request that became COMMIT, as far as the host tells; it decides nothing here."""
    try:
        return forge.approvals(commit)
    except MlciError:
        return ()


def _refuse_empty(reason: str | None, bump: Part | None) -> None:
    """Raise where a REASON is given and says nothing, or none is given for another number than the changes ask for."""
    if reason is not None and not reason.strip() and not bump:
        raise UsageError(
            "reason-missing",
            "every entry of the registry has a reason; this one is empty",
            hint="Say why, or leave --reason out: then the subject of the commit is the reason.",
        )
    if bump and not (reason or "").strip():
        raise UsageError(
            "reason-missing",
            f"--bump {bump} says which number, and nobody says why",
            hint=f'mlci promote --bump {bump} --reason "…"; it stands beside the number',
        )


def _promotable_commit(repository: Repository, target: str) -> str:
    """Return HEAD; raises where the work tree or the branch is not what would be promoted."""
    dirty = repository.dirty_paths()
    if dirty:
        raise UsageError(
            "dirty-tree",
            f"the work tree has changes that are not committed ({len(dirty)})",
            where=", ".join(dirty[:5]) + (" …" if len(dirty) > 5 else ""),  # noqa: PLR2004 - five name enough
            cause="What is promoted must be what Git has.",
            hint="git commit, or git stash; what never belongs in Git: name it in .gitignore",
        )
    commit = repository.head()
    if not repository.is_ancestor(commit, target):
        raise UsageError(
            "not-on-target",
            "HEAD is not on the branch that models are promoted from",
            where=f"HEAD {commit[:12]}, branch at {target[:12]}",
            cause="The pull request is not merged, or the merge is not pushed.",
            hint="git switch main && git merge --no-ff BRANCH && git push",
        )
    return commit


def _refuse_own_rules(case: Case) -> None:
    """Raise where there is production, and no rules from before the push that could judge its successor."""
    if case.base_side is None and case.production is not None:
        raise UndecidedError(
            "no-rules",
            "the branch had no usable rules before this push, so nobody's could judge the candidate",
            where=f"{case.production.number} stays in {case.rules.config.promote.stage}",
            cause="mlci.yaml was added, moved or mended in this very push.",
            hint="Push again: git commit --allow-empty --message 'Promote by the rules that are here now' && git push",
        )


def _refuse_quarantined(case: Case, candidate: Candidate, tools: Tools, found: Registry) -> None:
    """Raise where the candidate is a model that is quarantined in the registry FOUND, in whatever package."""
    there = replace(case, registry=replace(case.registry, registry=found))
    version = quarantined_version(Installed(candidate.package, candidate.sha256), there, tools)
    if version:
        raise IntegrityError(
            "quarantined",
            f"{case.registry.registry.model}@{version} is quarantined: it can be neither promoted nor deployed",
            cause="The candidate is the same model, byte for byte.",
            hint=f"Make another model, or take its commit out: mlci registry show {version}, git revert COMMIT",
        )


def _judge(case: Case, candidate: Candidate, provenance: str, tools: Tools) -> Report:
    """Return the report on CANDIDATE against production as it is now."""
    datasets = validate_case(case, tools)
    if is_broken(datasets):
        return report_on(case, Conclusion.DATA_REJECTED, tools, event="promotion", datasets=datasets)
    installed = candidate.installed
    verdict = judge_case(case, installed, tools)
    return report_on(
        case,
        conclusion_of(verdict, case),
        tools,
        event="promotion",
        candidate=installed,
        datasets=datasets,
        verdict=verdict,
        as_submitted=("training",),
        provenance=provenance,
    )


def _refuse_unless_passed(report: Report, stage: str, before: str | None, *, merged: bool) -> None:
    """Raise with the report's sentence unless its verdict allows a promotion; MERGED is how HEAD came to be."""
    if report.exit_code == 0:
        return
    kind = next(each for each in (UndecidedError, IntegrityError, RejectedError) if each.exit_code == report.exit_code)
    stays = f"{before} stays in {stage}" if before else f"nothing is in {stage}"
    raise kind(
        "promotion-refused",
        f"not promoted: {report.headline}",
        where=f"{report.subject.model}#{stage}: {stays}",
        cause="The rules are those of the branch before the push.",
        hint=f"Read .mlci/report.md; then fix forward, or git revert {'-m 1 ' if merged else ''}HEAD",
    )


def _new_version(
    case: Case,
    candidate: Candidate,
    commit: str,
    evaluation: str,
    *,
    locations: tuple[str, ...],
    number: tuple[Part, str],
) -> NewVersion:
    part, why = number
    return NewVersion(
        package_sha256=candidate.sha256,
        package_size=len(candidate.archive),
        locations=locations,
        run=case.inputs.digest,
        commit=commit,
        evaluation=evaluation,
        signature=candidate.package.info.signature.digest,
        part=part,
        number_reason=one_line(why, LONGEST_NUMBER_REASON),
    )
