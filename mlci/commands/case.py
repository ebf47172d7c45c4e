"""A case: head against base, by the rules that count. What `check`, `report` and `promote` have in common."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from mlci.commands.committed_output import refuse_committed_output
from mlci.commands.cost_evidence import asks_for_training, with_train_seconds
from mlci.commands.data_sets import files_of
from mlci.commands.evaluation import evaluate, fetch, refuse_other_level
from mlci.commands.inputs import input_ids
from mlci.commands.leaks import with_leaks
from mlci.commands.own_evaluation import refuse_unusable
from mlci.commands.sides import head_side
from mlci.commands.target_branch import evaluation_of, side_of_base
from mlci.commands.validate import validate_datasets
from mlci.core.code_changes import code_changes
from mlci.core.configuration_file import FILE_NAME
from mlci.core.contract_diffs import contract_diffs
from mlci.core.data_section import identity, lies_in_git, pinned_digests
from mlci.core.fingerprint import fingerprint
from mlci.core.gates import Outcome
from mlci.core.names import checked_name
from mlci.core.refusal import Refusal
from mlci.core.report import Conclusion, Report, Subject, Training
from mlci.core.rule_changes import RuleChange, replaced_rules
from mlci.core.rules import brings_features, effective
from mlci.core.sealed import refuse_readable
from mlci.core.side import Side
from mlci.core.trust import Trust
from mlci.errors import IntegrityError, MlciError
from mlci.render.markdown import comment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlci.commands.installed import Installed
    from mlci.commands.ports import Data, Predictor, RegistryBranch, Signing, Store, Tree, Workbench
    from mlci.core.findings import DatasetReport
    from mlci.core.fingerprint import Fingerprint
    from mlci.core.gates import Verdict
    from mlci.core.registry import LoadedRegistry, Version
    from mlci.core.release_sections import PromoteSection
    from mlci.core.report import OwnTests
    from mlci.core.rules import Rules
    from mlci.core.trust import LabelsPlace

    OpenStore = Callable[[PromoteSection], Store]


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What judging needs of the outside."""

    registry: RegistryBranch
    open_store: OpenStore
    data: Data
    predictor: Predictor
    work: Workbench
    token: str = "no token"  # noqa: S105 - the kind of the token that writes, in words
    is_separate: bool = False
    """Whether this is a job of a host that has a token, which runs no code of the repository."""
    tell: Callable[[str], None] = _silent
    """Says what is being done, while it is."""
    signing: Signing | None = None
    """Signs what is written to the registry; None where nothing is."""


@dataclass(frozen=True, slots=True)
class Case:
    """Head against base."""

    head: Tree
    base: Tree
    head_side: Side
    base_side: Side | None
    head_ids: Mapping[str, str]
    inputs: Fingerprint
    """What head's training depends on."""
    rules: Rules
    changes: tuple[RuleChange, ...]
    registry: LoadedRegistry
    production: Version | None
    """What the stage of the rules points to now."""
    tests: OwnTests | None = None
    """How head's own tests ended, where they ran."""

    @property
    def is_unchanged(self) -> bool:
        """Whether head differs from base in nothing that could change the model or the verdict."""
        if self.production is None or self.production.run != self.inputs.digest:
            return False  # what is in production was made from something else
        if self.base_side is None or self.base_side != self.head_side:
            return False
        config, head_ids = self.head_side.config, self.head_ids
        base_ids = input_ids(self.base, config)
        evaluation = [
            each for each in (self.rules.evaluation_data, self.rules.labels_data, self.rules.base_features) if each
        ]
        same_rows = all(identity(each, base_ids) == identity(each, head_ids) for each in evaluation)
        return same_rows and fingerprint(config, base_ids, self.head_side.made) == self.inputs

    @property
    def rows_from(self) -> Tree:
        """The commit whose rows and labels judge: base, or head where base says nothing of the model."""
        return self.base if self.base_side else self.head

    @property
    def replaces_rules(self) -> bool:
        """Whether base has rules that cannot be used, so that head's serve."""
        return any(change.direction == "replaced" for change in self.changes)


def open_case(head: Tree, base: Tree, tools: Tools) -> Case:
    """Return the case of HEAD against BASE, with production as the registry has it now."""
    theirs = head_side(head)
    ids = input_ids(head, theirs.config)
    ours, problem = side_of_base(base, theirs, ids, data=tools.data, objects=tools.work.objects)
    rules, changes = effective(ours, theirs)
    if problem:
        changes = (replaced_rules(problem),)
    elif isinstance(ours, Side):
        changes = (*changes, *code_changes(ours.config, base.ids(), ids))
    refuse_other_level(rules.config.train.least, theirs.config.train.level)
    refuse_readable(rules, ids)
    registry = tools.registry.load(rules.config.model.name)
    production = registry.registry.version_at(rules.config.promote.stage)
    refuse_committed_output(ids)
    inputs = fingerprint(theirs.config, ids, theirs.made)
    base_side = ours if isinstance(ours, Side) else None
    case = Case(head, base, theirs, base_side, ids, inputs, rules, changes, registry, production)
    _refuse_labels_as_data(case)
    return case


def in_stage(case: Case, stage: str) -> Case:
    """Return CASE against what is in another STAGE than the rules name; raises `UsageError("bad-name")`."""
    config = case.rules.config
    promote = config.promote.model_copy(update={"stage": checked_name(stage, "stage")})
    rules = replace(case.rules, config=config.model_copy(update={"promote": promote}))
    return replace(case, rules=rules, production=case.registry.registry.version_at(stage))


def validate_case(case: Case, tools: Tools) -> tuple[DatasetReport, ...]:
    """Check every data set that base's or head's training or evaluation names: none escapes by another name.

    But for labels out of Git, since head's contract could ask of each what it is. Raises `UsageError` where the data is
    right, and head's own `evaluate` could not work on head's own rows.
    """
    sides = [side for side in (case.base_side, case.head_side) if side]
    own = case.head_side.config
    named = dict.fromkeys(name for side in sides for name in (*side.config.train.data, *side.config.scoring_sets))
    data = case.rules.config.data
    labels = {side.config.evaluate.labels for side in sides} - {None}
    asked = [name for name in named if name not in labels or lies_in_git(data[name], case.head_ids)]
    # A data set of base that head neither names nor has any more is gone, with whatever was wrong in it.
    names = tuple(name for name in asked if name in own.data or identity(data[name], case.head_ids))
    tools.tell(f"validate {', '.join(names)}")
    objects = tools.work.objects
    found = validate_datasets(
        names, case.rules, head=case.head, head_ids=case.head_ids, base=case.base, data=tools.data, objects=objects
    )
    base = case.base if case.base_side else None
    found = with_leaks(found, case.rules, names=None, head=case.head, base=base, data=tools.data, objects=objects)
    if not is_broken(found) and _changes_evaluation(case):
        refuse_unusable(case.head_side, case.head, case.rules, data=tools.data, objects=objects)
    return found


def _refuse_labels_as_data(case: Case) -> None:
    """Raise where head calls base's labels, which are out of its reach, rows: a contract would say what they are."""
    section, tree = case.rules.labels_data, case.rows_from
    if section is None or lies_in_git(section, tree.ids()):
        return
    labels, config = pinned_digests(section, tree.ids(), tree.read), case.head_side.config
    for name, own in config.data.items():
        if name != config.evaluate.labels and labels & pinned_digests(own, case.head_ids, case.head.read):
            raise IntegrityError(
                "labels-as-data",
                f"the data set {name} is the labels that the target branch keeps out of reach",
                where=FILE_NAME,
                cause="What is checked as data is told of, row by row where a contract asks for it.",
                hint=f"Take {name} out of data:; labels are named by evaluate.labels alone.",
            )


def _brings_features(case: Case) -> bool:
    return case.base_side is not None and brings_features(case.rules, case.base.ids(), case.head_ids)


def why_no_labels(case: Case, tools: Tools) -> str | None:
    """Return why the labels cannot be had here, where they are kept apart; None where they can, or lie in Git."""
    section, tree = case.rules.labels_data, case.rows_from
    if section is None or lies_in_git(section, tree.ids()):
        return None
    try:
        files_of(section, tree, tools.data, tools.work.objects)
    except MlciError as error:
        return error.public().problem
    return None


def _place_of_labels(case: Case, tools: Tools) -> LabelsPlace:
    """Return where the labels are. Only a job of its own, without the code that trains, keeps them from that code."""
    section = case.rules.labels_data
    if section is None or lies_in_git(section, case.rows_from.ids()):
        return "repository"
    is_public = section.path.startswith("https://")  # where everybody may read, and nobody has credentials
    return "reachable" if is_public or not tools.is_separate else "apart"


def _changes_evaluation(case: Case) -> bool:
    """Return whether head would be evaluated otherwise than base; if not, judging finds what is wrong with both."""
    if case.base_side is None:
        return True
    return evaluation_of(case.base_side, case.base.ids()) != evaluation_of(case.head_side, case.head_ids)


def is_broken(datasets: Sequence[DatasetReport]) -> bool:
    """Return whether a rule of a contract is broken, so that nothing is trained or judged on this data."""
    return not all(dataset.passed for dataset in datasets)


def rejected_by_data(case: Case, datasets: tuple[DatasetReport, ...], tools: Tools) -> Report:
    """Return the report on a case whose data breaks its contract."""
    training = Training(case.head_side.config.train.title, "not started", "the data was rejected")
    return report_on(case, Conclusion.DATA_REJECTED, tools, datasets=datasets, training=training)


def production_of(case: Case, tools: Tools) -> Installed | None:
    """Return the package of production, verified, with what gates ask of its training; None where there is none."""
    if case.production is None:
        return None
    installed = fetch(case.production, tools.open_store(case.rules.config.promote))
    return with_train_seconds(installed, case.production, case.rules, tools.registry)


def judge_case(case: Case, candidate: Installed, tools: Tools, *, warns: bool = False) -> Verdict:
    """Return the verdict on CANDIDATE against production, on base's rows.

    It WARNS of gates that these rows cannot decide where the gates are new to somebody: before the first version, and
    where head changes rules.
    """
    against = f" and {case.production.number}" if case.production else ""
    tools.tell(f"predict and score {case.rules.config.evaluate.data} with the candidate{against}")
    production = production_of(case, tools)
    return evaluate(
        case.rules,
        rows_from=case.rows_from,
        head=case.head,
        candidate=candidate,
        production=production,
        data=tools.data,
        predictor=tools.predictor,
        objects=tools.work.objects,
        tell=tools.tell if warns and (case.production is None or case.changes) else None,
    )


def conclusion_of(verdict: Verdict, case: Case) -> Conclusion:
    """Return what a verdict means for the whole report: by rules of head's own it is at most `first`."""
    if verdict.outcome is Outcome.PASS and case.base_side is None:
        return Conclusion.FIRST
    return {
        Outcome.PASS: Conclusion.PASS,
        Outcome.FIRST: Conclusion.FIRST,
        Outcome.FAIL: Conclusion.FAIL,
        Outcome.INCONCLUSIVE: Conclusion.INCONCLUSIVE,
        Outcome.NOT_COMPARABLE: Conclusion.NOT_COMPARABLE,
    }[verdict.outcome]


def report_on(
    case: Case,
    conclusion: Conclusion,
    tools: Tools,
    *,
    event: Literal["pull_request", "promotion"] = "pull_request",
    candidate: Installed | None = None,
    datasets: tuple[DatasetReport, ...] = (),
    training: Training | None = None,
    verdict: Verdict | None = None,
    as_submitted: tuple[str, ...] = (),
    refusal: str | None = None,
    keep: bool = True,
    provenance: str = "",
) -> Report:
    """Return the report on CASE, and KEEP it in `.mlci/` as JSON and Markdown.

    REFUSAL says why the candidate is refused where no gate does.
    """
    config = case.rules.config
    confinement = tools.predictor.confinement
    make = partial(Refusal, reason=refusal) if refusal else Report
    report = make(
        subject=Subject(
            model=config.model.name,
            production=case.production.number if case.production else None,
            production_sha256=case.production.package_sha256 if case.production else None,
            candidate_sha256=candidate.sha256 if candidate else None,
            fingerprint=case.inputs.digest,
        ),
        conclusion=conclusion,
        blocks=getattr(config.on_inconclusive, event) == "block",
        changes=case.changes,
        datasets=datasets,
        training=training,
        verdict=verdict,
        positive="" if config.evaluate.positive is None else f"{config.evaluate.label} = {config.evaluate.positive}",
        trust=Trust(
            has_base=case.rules.has_base,
            confined=confinement.is_complete,
            confinement=confinement.sentence,
            labels=_place_of_labels(case, tools),
            is_scored=verdict is not None,
            token=tools.token,
            as_submitted=(
                *as_submitted,
                *(("added features",) if verdict and _brings_features(case) else ()),
                *(("how long training took",) if verdict and asks_for_training(case.rules) else ()),
            ),
            provenance=provenance,
            base_is_unusable=case.replaces_rules,
            level=candidate.package.level if candidate else config.train.level,
            is_pickle=candidate is not None and candidate.package.info.format == "pickle",
        ),
        promotion_blocks=config.on_inconclusive.promotion == "block",
        confidence=config.statistics.confidence,
        tests=case.tests,
        contracts=contract_diffs(case.base_side, case.head_side),
    )
    if not keep:
        return report
    content = json.dumps(report.to_dict(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    tools.work.write("report.json", f"{content}\n".encode())
    tools.work.write("report.md", comment(report).encode())
    return report
