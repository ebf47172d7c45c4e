"""The guards of mlci, each with the patch that takes it out and the tests that must then fail.

A test that stays green without its guard guards nothing. `tests/test_guards.py` runs this list on copies of the tree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("mlci", "tests", "examples", "actions", "requirements", ".github", "pyproject.toml")


@dataclass(frozen=True)
class Guard:
    """One guard: where it stands, how it reads, how it reads when it is out, and which test misses it."""

    name: str
    file: str
    guarded: str
    unguarded: str
    test: str


GUARDS = (
    Guard(
        "what refers to nothing is found",
        "mlci/adapters/duckdb_data_set.py",
        'orphaned = f"{value} IS NOT NULL AND {value} NOT IN ({keys})"',
        'orphaned = f"{value} IS NULL AND {value} NOT IN ({keys})"',
        "tests/adapters/test_duckdb_data_set.py::test_reference__counts_and_shows_rows_that_refer_to_nothing",
    ),
    Guard(
        "data of the future are not fresh",
        "mlci/core/age.py",
        "return age > max_age or age < -AHEAD",
        "return age > max_age",
        "tests/adapters/test_duckdb_data_set.py::test_freshness__is_told_by_the_newest",
    ),
    Guard(
        "rows that vanished count as change, as rows that came do",
        "mlci/adapters/duckdb_data_set.py",
        "off = abs(self.reading.rows - before)",
        "off = self.reading.rows - before",
        "tests/adapters/test_duckdb_data_set.py::test_rows_change__is_held_against_base",
    ),
    Guard(
        "a class that has no row is out of balance",
        "mlci/adapters/duckdb_data_set.py",
        "{**dict.fromkeys(classes.listed, 0), **self.counts(self.reading, column)}",
        "{**self.counts(self.reading, column)}",
        "tests/adapters/test_duckdb_data_set.py::test_balance__bounds_the_share_of_each_class",
    ),
    Guard(
        "what is missing is equal to what is missing, in rows that contradict each other",
        "mlci/adapters/duckdb_data_set.py",
        "CASE WHEN {value} IS NULL THEN {raw} END",
        "CASE WHEN {value} IS NULL THEN {query.raw(label.name)} END",
        "tests/adapters/test_duckdb_data_set.py::test_conflicts__count_rows_that_contradict_each_other",
    ),
    Guard(
        "base that cannot be brought is no base",
        "mlci/commands/validate.py",
        "return None, error.public().problem  # it stands in the report",
        "raise error",
        "tests/commands/test_validate.py::test_validate__base_that_cannot_be_brought_costs_only_the_comparison",
    ),
    Guard(
        "both signs of a line's end stand together in a block of plain lines",
        "mlci/adapters/csv_file.py",
        "signs == line * rows and block.count(newline) == rows",
        "signs == line * rows",
        "tests/adapters/test_csv_file.py::"
        "test_file__a_carriage_return_that_its_line_lacks_is_not_made_up_for_by_another",
    ),
    Guard(
        "values of a cause stay out of public places",
        "mlci/core/findings.py",
        'cause = self.cause.model_copy(update={"values": ()}) if self.cause else None',
        "cause = self.cause",
        "tests/adapters/test_duckdb_causes.py::test_new_category__shows_no_value_of_a_column_about_people",
    ),
    Guard(
        "profiles of columns about people show counts only",
        "mlci/adapters/duckdb_profile.py",
        "profile.bare() if column.name in private else profile",
        "profile",
        "tests/testing/test_data.py::test_profile__has_the_figures_of_each_column",
    ),
    Guard(
        "a page of profiles takes no orders",
        "mlci/render/profile_page.py",
        "return escape(one_line(text, 400))",
        "return one_line(text, 400)",
        "tests/render/test_profile_forms.py::test_forms__of_hostile_text_stay_text",
    ),
    Guard(
        "equal hashes are confirmed by values",
        "mlci/adapters/duckdb_repeats.py",
        "count({value}) - count(DISTINCT {value})",
        "count({hashed}) - count(DISTINCT {hashed})",
        "tests/adapters/test_duckdb_repeats.py::test_repeats__different_values_of_one_hash_are_none",
    ),
    Guard(
        "a model that no stage makes",
        "mlci/commands/pipeline.py",
        "if not any(train.model in stage.makes for stage in locked):",
        "if not locked:",
        "tests/commands/test_pipeline.py::test_pipeline__a_model_that_no_stage_makes",
    ),
    Guard(
        "the hash of a model from elsewhere",
        "mlci/commands/bringing.py",
        "    if _md5(job.output) != pinned.md5:\n        raise",
        "    if _md5(job.output) is None:\n        raise",
        "tests/commands/test_pipeline.py::test_elsewhere__a_file_that_is_not_what_its_pointer_names",
    ),
    Guard(
        "the pin of a data file",
        "mlci/adapters/open_file.py",
        "if file.pin is not None and digests[file.pin.algorithm].hexdigest() != file.pin.digest:",
        "if file.pin is not None and not digests:",
        "tests/adapters/test_data_reader.py::test_pin__by_md5_is_verified",
    ),
    Guard(
        "the hash of what is brought from outside of Git",
        "mlci/adapters/outside.py",
        "if state.hexdigest() != wanted.pin.digest:",
        "if not state.hexdigest():",
        "tests/adapters/test_outside.py::test_fetch__other_bytes_are_an_integrity_error_and_leave_nothing",
    ),
    Guard(
        "data from the web without credentials",
        "mlci/adapters/https_data.py",
        "session.auth = _nobody",
        "session.auth = None",
        "tests/adapters/test_outside.py::test_https__no_credentials_are_sent",
    ),
    Guard(
        "redirections stay with HTTPS",
        "mlci/adapters/https_data.py",
        'if not target.startswith("https://"):',
        "if not target:",
        "tests/adapters/test_outside.py::test_https__redirections_never_leave_https",
    ),
    Guard(
        "one training at a time",
        "mlci/adapters/work_folder.py",
        "fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)",
        "tests/adapters/test_work_folder.py::test_alone__only_one_trains_at_a_time",
    ),
    Guard(
        "labels of a chart take no orders",
        "mlci/render/lineage_text.py",
        'each if each.isalnum() or each in _PLAIN else f"#{ord(each)};" for each in shown',
        "each for each in shown",
        "tests/commands/test_lineage.py::test_mermaid__draws_each_thing_once_and_takes_no_orders",
    ),
    Guard(
        "the task from base",
        "mlci/commands/evaluation.py",
        "_refuse_another_task(rules.config.model.task, candidate)",
        "_refuse_another_task(candidate.package.info.task, candidate)",
        "tests/commands/test_evaluation_tasks.py::test_task__a_candidate_that_solves_another_than_the_rules_judge",
    ),
    Guard(
        "head's gates of another task wait",
        "mlci/core/rules.py",
        "if task not in metric_of(gate.metric).tasks:",
        "if not metric_of(gate.metric).tasks:",
        "tests/core/test_rules.py::test_gates__for_another_task_wait_until_it_is_bases",
    ),
    Guard(
        "production of another task is not compared with",
        "mlci/commands/evaluation.py",
        "if production.package.info.task != rows.task:",
        "if not production.package.info.task:",
        "tests/commands/test_evaluation_tasks.py::test_task__production_that_solved_another",
    ),
    Guard(
        "classes of a model are those of its signature",
        "mlci/commands/said.py",
        "or said.classes != installed.package.info.signature.classes:",
        "or not said.classes:",
        "tests/commands/test_evaluation_tasks.py::test_multiclass__a_signature_that_lies_about_classes",
    ),
    Guard(
        "nothing unsigned where base demands signatures",
        "mlci/commands/promote.py",
        "if tools.signing:",
        "if tools.signing is None:",
        "tests/e2e/test_signing.py::test_life__of_a_registry_that_must_be_signed",
    ),
    Guard(
        "a signature is one of these bytes",
        "mlci/adapters/ssh_signing.py",
        "if verified.returncode != 0:",
        "if verified.returncode < 0:",
        "tests/testing/test_signing.py::test_signer__of_other_bytes_is_nobody",
    ),
    Guard(
        "an evaluation is the one that was registered",
        "mlci/core/evaluation.py",
        "if sha256(data) != digest:",
        "if sha256(data) is None:",
        "tests/core/test_evaluation.py::test_evaluation__that_was_edited",
    ),
    Guard(
        "nothing quarantined is deployed",
        "mlci/commands/deploy.py",
        "if history.is_quarantined(version.number):",
        "if history.is_deprecated(version.number):",
        "tests/commands/test_deploy.py::test_deploy__a_quarantined_version_that_somebody_left_in_the_stage",
    ),
    Guard(
        "a look is on record before its answer is told",
        "mlci/commands/look.py",
        "        record_look(model, sealed_sha256, judged,",
        "        (lambda *looked, **facts: None)(model, sealed_sha256, judged,",
        "tests/commands/test_look.py::test_promote__with_a_candidate_that_does_not_pass_it_tells_nothing_else",
    ),
    Guard(
        "the budget of looks",
        "mlci/commands/look.py",
        "    ledger.check_look(judged)\n",
        "",
        "tests/commands/test_look.py::test_promote__beyond_the_budget_is_refused_before_anything_is_judged",
    ),
    Guard(
        "each look is held to its part of the budget",
        "mlci/commands/look.py",
        "confidence=confidence,",
        "confidence=None,",
        "tests/commands/test_look.py::test_promote__what_the_sealed_set_proves_only_at_the_ordinary_level_does_not_pass",
    ),
    Guard(
        "a sealed set is out of reach",
        "mlci/core/sealed.py",
        "    if found:\n",
        "    if False:\n",
        "tests/commands/test_look.py::test_open_case__a_sealed_set_in_git_is_none",
    ),
    Guard(
        "what is wrong with sealed rows is not told",
        "mlci/commands/look.py",
        'f"nothing can be judged on the sealed set ({error.code})"',
        'f"nothing can be judged on the sealed set ({error.problem})"',
        "tests/commands/test_look.py::test_promote__with_broken_rows_shows_none_of_them",
    ),
    Guard(
        "the search for leaks from base",
        "mlci/core/leaks.py",
        'owned = [OwnedLeakRule(rule, "base") for rule in base]',
        "owned: list[OwnedLeakRule] = []",
        "tests/core/test_leaks.py::test_effective__without_leaks_in_head_base_looks_for_them",
    ),
    Guard(
        "leaks are looked for in the rows that judge",
        "mlci/commands/leaks.py",
        "if base is not None and theirs_of and before is not None and judged in sections and len(sections) > 1:",
        "if False:",
        "tests/commands/test_leaks.py::test_validate__the_rows_of_the_target_branch_are_looked_at_too",
    ),
    Guard(
        "slices from base",
        "mlci/core/rules.py",
        "_slices(base.config.evaluate.slices, head.config.evaluate.slices)",
        "_slices(head.config.evaluate.slices, head.config.evaluate.slices)",
        "tests/core/test_rules.py::test_slices__a_dropped_one_is_named_and_stays",
    ),
    Guard(
        "head's gates make no proof of base's harder",
        "mlci/core/gates/judge.py",
        "key = (gate.require, owned.origin, gate.severity) if is_family else (place,)",
        "key = (gate.require,) if is_family else (place,)",
        "tests/core/test_slices.py::test_regression__what_head_adds_or_only_warns_makes_no_proof_of_base_harder",
    ),
    Guard(
        "failures in slices stand among all slices",
        "mlci/core/gates/slices.py",
        "sure = 1 - (1 - strictness.confidence) / family.left if is_adjusted else strictness.confidence",
        "sure = strictness.confidence",
        "tests/core/test_slices.py::test_regression__holm_by_bounds_is_holm_by_p_values",
    ),
    Guard(
        "no value of a slice in a public place",
        "mlci/render/wording.py",
        "shown = result.slices if rows else result.without_values().slices",
        "shown = result.slices",
        "tests/render/test_report_forms.py::test_report__in_a_public_place_names_no_value_of_a_slice",
    ),
    Guard(
        "rows that changed one way alone decide without a spread",
        "mlci/core/bounds.py",
        "if not (gains.min() > 0 or gains.max() < 0):",
        "if False:",
        "tests/core/test_tasks.py::test_judge__a_loss_that_changes_alike_in_a_few_rows_alone_does_not_decide",
    ),
    Guard(
        "a chosen pair of groups costs confidence",
        "mlci/core/gates/gap.py",
        "sure = 1 - (1 - strictness.confidence) / (len(pairs) + 1)",
        "sure = strictness.confidence",
        "tests/core/test_slices.py::test_gap__that_grows_beyond_the_margin",
    ),
    Guard(
        "rules from base",
        "mlci/core/rules.py",
        "_gates(base.config.gates, head.config.gates, ",
        "_gates(head.config.gates, head.config.gates, ",
        "tests/e2e/test_journey.py::test_a_loosened_gate__is_judged_by_the_one_on_the_target_branch",
    ),
    Guard(
        "no guess of where a push began",
        "mlci/commands/promote.py",
        "if stated_base is None:",
        "if stated_base == commit:",
        "tests/commands/test_promote.py::test_promote__where_nobody_says_whether_a_push_loosened_its_own_gate",
    ),
    Guard(
        "the default branch alone promotes",
        "mlci/cli/releasing.py",
        "place.target_commit(),",
        "place.base_commit(None),",
        "tests/e2e/test_github.py::test_promote__after_a_push_to_another_branch_than_the_default_one",
    ),
    Guard(
        "nothing past the tip of the branch",
        "mlci/commands/promote.py",
        "if commit != target:",
        "if commit is None:",
        "tests/commands/test_promote.py::test_promote__an_old_push_that_is_run_again_promotes_nothing_past_the_tip",
    ),
    Guard(
        "contract of training data under a new name",
        "mlci/core/rules.py",
        "if covering:",
        "if covering is None:",
        "tests/core/test_rules.py::test_effective__training_data_of_a_new_name_is_held_to_what_base_trains_on",
    ),
    Guard(
        "a target branch that cannot be used can be mended",
        "mlci/commands/target_branch.py",
        "except AT_FAULT as error:",
        "except ImportError as error:",
        "tests/commands/test_fetch.py::test_fetch__for_a_pull_request_that_mends_what_the_target_branch_says",
    ),
    Guard(
        "only unusable rules give way",
        "mlci/commands/target_branch.py",
        "    return ours, None\n\n\ndef",
        '    return None, ""\n\n\ndef',
        "tests/commands/test_case.py::test_open_case__rules_that_can_be_used_never_give_way",
    ),
    Guard(
        "a number is no version",
        "mlci/commands/deploy.py",
        "if present == wanted:",
        "if before == version.number:",
        "tests/commands/test_deploy.py::test_deploy__another_model_of_the_same_number_is_not_what_answers",
    ),
    Guard(
        "no link to another place in a target",
        "mlci/adapters/directory_target.py",
        "if self._versions.is_symlink():",
        "if self._versions is None:",
        "tests/adapters/test_directory_target.py::test_stage__follows_no_link_to_another_place",
    ),
    Guard(
        "no target in a repository",
        "mlci/adapters/directory_target.py",
        "if folder.is_relative_to(root) or",
        "if folder is root or",
        "tests/adapters/test_directory_target.py::test_target__never_lies_in_a_repository",
    ),
    Guard(
        "no names of rows that identify people",
        "mlci/commands/evaluation.py",
        "has_private_ids=rows.has_private_ids,",
        "has_private_ids=False,",
        "tests/commands/test_evaluation.py::test_evaluate__rows_whose_ids_identify_people_have_no_names",
    ),
    Guard(
        "no pipe in the place of a file",
        "mlci/adapters/git_trees.py",
        "raise _special(path)",
        "continue",
        "tests/adapters/test_git.py::test_work_tree_ids__a_file_replaced_by_a_pipe",
    ),
    Guard(
        "no device as a package",
        "mlci/commands/references.py",
        "if not path.is_file():",
        "if not path.exists():",
        "tests/commands/test_references.py::test_read_path__what_is_neither_a_file_nor_a_folder",
    ),
    Guard(
        "confinement of the child",
        "mlci/formats/child.py",
        'if request["confine"]:',
        'if request["confine"] is None:',
        "tests/formats/test_child.py::test_child__reads_only_the_folder_of_its_model",
    ),
    Guard(
        "rows are asked a second time",
        "mlci/adapters/prediction.py",
        "_refuse_by_batch(shuffled, payload)",
        "pass",
        "tests/commands/test_hostile_models.py::test_answers__depend_on_the_row_alone",
    ),
    Guard(
        "rows in an order that nobody foresees",
        "mlci/adapters/prediction.py",
        "np.random.default_rng(int(key, 16)).permutation(table.rows)",
        "np.arange(table.rows)",
        "tests/commands/test_hostile_models.py::test_order__of_answers_gains_nothing",
    ),
    Guard(
        "the child's environment is empty",
        "mlci/adapters/prediction.py",
        "                cwd=folder,\n                env=dict(ENVIRONMENT),",
        "                cwd=folder,",
        "tests/commands/test_hostile_models.py::test_environment__holds_no_secret",
    ),
    Guard(
        "the child has none of the parent's files",
        "mlci/adapters/prediction.py",
        "                start_new_session=True,",
        "                start_new_session=True,\n                close_fds=False,",
        "tests/commands/test_hostile_models.py::test_files__of_the_parent_are_closed",
    ),
    Guard(
        "confinement: reading",
        "mlci/formats/confinement.py",
        "_apply_landlock(library, offered.landlock_abi,",
        "(lambda *_, **__: None)(library, offered.landlock_abi,",
        "tests/formats/test_confinement.py",
    ),
    Guard(
        "labels withheld",
        "mlci/commands/evaluation.py",
        "if own in wanted:",
        "if own is None:",
        "tests/commands/test_evaluation.py",
    ),
    Guard(
        "hash check of the store",
        "mlci/adapters/directory_store.py",
        "if digest != sha256:",
        "if digest is None:",
        "tests/adapters/test_directory_store.py::test_fetch__damaged_bytes_are_never_returned",
    ),
    Guard(
        "lease of the push",
        "mlci/adapters/registry_branch.py",
        "f\"--force-with-lease={branch}:{parent or ''}\",",
        '"--force",',
        "tests/testing/test_registry_branch.py::test_push__of_two_at_once_one_wins_and_the_other_is_told",
    ),
    Guard(
        "parent of the commit",
        "mlci/adapters/registry_branch.py",
        "_check_parent(change, listing, reader)",
        "_ = reader",
        "tests/testing/test_registry_branch.py::test_push__a_change_that_was_planned_on_an_older_parent",
    ),
    Guard(
        "atomic switch",
        "mlci/adapters/directory_target.py",
        "link.replace(current)",
        "(current.unlink(missing_ok=True), link.rename(current))",
        "tests/adapters/test_directory_target.py::test_switch__there_is_no_moment_without_a_version",
    ),
    Guard(
        "author of the comment",
        "mlci/adapters/github_forge.py",
        "comment.user.login == self._login and ",
        "",
        "tests/adapters/test_github_forge.py::test_comment__of_somebody_else_with_our_marker_is_left_alone",
    ),
    Guard(
        "all pages",
        "mlci/adapters/github_session.py",
        "following = _next(reply)",
        "following = None",
        "tests/adapters/test_github_forge.py::test_comment__three_pushes_among_130_comments_of_others",
    ),
    Guard(
        "equal head commit",
        "mlci/adapters/github_forge.py",
        "if pull.head.sha == head.commit",
        "if pull.head.sha",
        "tests/adapters/test_github_forge.py::test_pull_request__that_was_pushed_to_meanwhile",
    ),
    Guard(
        "head repository",
        "mlci/adapters/github_forge.py",
        "and (pull.head.repo.full_name, pull.head.ref) == (repository, head.branch)",
        "and pull.head.ref == head.branch",
        "tests/adapters/test_github_forge.py::test_pull_request__whose_head_lies_elsewhere",
    ),
    Guard(
        "token on a redirect",
        "mlci/adapters/github_session.py",
        "has_token = has_token and response.status_code in _MOVED",
        "has_token = has_token and bool(_MOVED)",
        "tests/adapters/test_github_session.py::test_redirect__to_bytes_on_the_same_host_does_not_carry_it_either",
    ),
    Guard(
        "size of an artifact",
        "mlci/adapters/github_session.py",
        "if received > limit_bytes:",
        "if received < 0:",
        "tests/adapters/test_github_session.py::test_download__too_large_when_unpacked",
    ),
    Guard(
        "members of an artifact",
        "mlci/core/submission_zip.py",
        "if sorted(names) != sorted(_LIMITS):",
        "if not names:",
        "tests/core/test_submission_zip.py::test_read__other_files_than_the_two_are_refused",
    ),
    Guard(
        "size of a member",
        "mlci/core/submission_zip.py",
        "if len(content) > limit:",
        "if len(content) < 0:",
        "tests/core/test_submission_zip.py::test_read__a_record_that_is_too_large_is_refused",
    ),
    Guard(
        "head's facts from Git",
        "mlci/cli/judging.py",
        "place.work.submission() if run_id is None else find_submission(forge, run_id),",
        "place.work.submission(),",
        "tests/e2e/test_github.py::test_a_forged_artifact__is_refused_and_told",
    ),
    Guard(
        "head's tree from Git",
        "mlci/commands/report.py",
        "open_case(repository.tree(commit), ",
        "open_case(repository.work_tree(), ",
        "tests/commands/test_report.py::test_report__reads_commits_and_never_the_work_tree",
    ),
    Guard(
        "no words of a model in a public comment",
        "mlci/commands/report.py",
        "told = error.public() if forge.is_public else error",
        "told = error",
        "tests/commands/test_report.py::"
        "test_report__what_a_model_says_of_the_rows_is_told_only_where_not_everybody_reads",
    ),
    Guard(
        "no words of a model in a public summary",
        "mlci/cli/judging.py",
        "error if place.is_private else error.public()",
        "error",
        "tests/e2e/test_public_job.py::test_what_an_error_says_of_the_rows",
    ),
    Guard(
        "no words of a model in a public log",
        "mlci/cli/run.py",
        "error = error if is_private(os.environ) else error.public()",
        "_ = is_private",
        "tests/e2e/test_public_job.py::test_what_an_error_says_of_the_rows",
    ),
    Guard(
        "no words of a model in a public traceback",
        "mlci/cli/run.py",
        'return text.replace(error.private, "…")',
        "return text",
        "tests/e2e/test_public_job.py::test_what_an_error_says_of_the_rows",
    ),
    Guard(
        "no rows in a public comment",
        "mlci/commands/report.py",
        "comment(judged, rows=not forge.is_public)",
        "comment(judged)",
        "tests/commands/test_report.py::test_report__rows_are_named_only_where_not_everybody_reads",
    ),
    Guard(
        "no rows in a public summary",
        "mlci/cli/judging.py",
        "comment(report, rows=place.is_private)",
        "comment(report)",
        "tests/e2e/test_public_job.py::test_rows_that_changed_sides",
    ),
    Guard(
        "no rows in a public log",
        "mlci/cli/judging.py",
        "show_report(report, as_json=as_json, rows=place.is_private)",
        "show_report(report, as_json=as_json, rows=True)",
        "tests/e2e/test_public_job.py::test_rows_that_changed_sides",
    ),
    Guard(
        "what a repository is where the event does not say it",
        "mlci/cli/audience.py",
        'repository.get("private") is True',
        'repository.get("private") is not False',
        "tests/e2e/test_public_job.py::test_rows_that_break_a_contract",
    ),
    Guard(
        "newer schema",
        "mlci/core/schema_name.py",
        "int(match[2]) > int(number)",
        "int(match[2]) < 0",
        "tests/core/test_schema_name.py::test_read__of_a_newer_mlci_is_refused_by_name",
    ),
    Guard(
        "newer package",
        "mlci/core/package.py",
        "if newer and schema != SCHEMA:",
        "if newer is schema:",
        "tests/core/test_package.py::test_read_package__refuses_a_newer_one_by_name",
    ),
    Guard(
        "quarantine in the pull request",
        "mlci/commands/report.py",
        "quarantined = quarantined_version(candidate, case, tools)",
        "quarantined = None",
        "tests/commands/test_quarantine.py::test_a_quarantined_model__fails_in_the_pull_request",
    ),
    Guard(
        "quarantine in the check",
        "mlci/commands/check.py",
        "quarantined = _quarantined_version(candidate, case, tools)",
        "quarantined = None",
        "tests/commands/test_quarantine.py::test_a_quarantined_model__fails_in_the_pull_request",
    ),
    Guard(
        "quarantine of the model, whatever package it is in",
        "mlci/commands/quarantine.py",
        "if fetch(each, store).package.model == candidate.package.model",
        "if fetch(each, store).package == candidate.package",
        "tests/commands/test_quarantine.py::test_a_quarantined_model__fails_in_the_pull_request",
    ),
    Guard(
        "login of an App's token",
        "actions/report/action.yml",
        "MLCI_TOKEN_LOGIN: ${{ inputs.login }}",
        "MLCI_LOGIN: ${{ inputs.login }}",
        "tests/actions/test_workflows.py::test_action_that_takes_a_token__takes_whose_it_is",
    ),
    Guard(
        "a report ends no other one",
        ".github/workflows/mlci-report.yml",
        "mlci-report-job-${{ github.event.workflow_run.id }}",
        "mlci-report-job-${{ github.event.workflow_run.head_branch }}",
        "tests/actions/test_workflows.py::test_group_of_report__is_that_of_one_check_so_that_no_report_ends_another",
    ),
    Guard(
        "env-only inputs",
        "actions/deploy/action.yml",
        '-- "$MLCI_NAME"',
        '-- "${{ inputs.name }}"',
        "tests/actions/test_workflows.py::test_script__holds_no_expression_and_gets_its_inputs_by_environment",
    ),
    Guard(
        "python -I",
        "actions/setup/action.yml",
        "python3 -I",
        "python3",
        "tests/actions/test_workflows.py::test_script__starts_python_isolated_from_the_workspace",
    ),
    Guard(
        "base checkout of the report job",
        ".github/workflows/mlci-report.yml",
        "ref: ${{ github.event.repository.default_branch }}",
        "ref: ${{ github.event.workflow_run.head_sha }}",
        "tests/actions/test_workflows.py::test_checkout_of_report__is_the_default_branch",
    ),
    Guard(
        "no secret in a record",
        "mlci/core/runs/secrets.py",
        "return WITHHELD if is_secret_name(name) else without_secrets(value)",
        "return value",
        "tests/adapters/test_training_process.py::test_secrets__are_in_no_output_and_no_record",
    ),
    Guard(
        "no secret in a log",
        "mlci/adapters/training_process.py",
        'for raw in _masked(iter(lambda: stream.readline(LONGEST_LINE), b""), hidden):',
        'for raw in _masked(iter(lambda: stream.readline(LONGEST_LINE), b""), ()):',
        "tests/adapters/test_training_process.py::test_secrets__are_in_no_output_and_no_record",
    ),
    Guard(
        "no token for the training command",
        "mlci/adapters/training_process.py",
        "if name not in TOKEN_VARIABLES",
        "if name",
        "tests/adapters/test_training_process.py::test_environment__has_no_token_even_where_it_is_named",
    ),
    Guard(
        "children of LightGBM's trees",
        "mlci/formats/lightgbm_text.py",
        "if np.any(is_outside) or np.any(~child[child < 0] >= n_leaves):",
        "if not len(is_outside) and child.any():",
        "tests/formats/test_lightgbm.py::test_read_text__refuses_what_points_outside_of_itself",
    ),
    Guard(
        "features of LightGBM's trees",
        "mlci/formats/lightgbm_text.py",
        "if np.any((feature < 0) | (feature >= n_features)):",
        "if n_features < 0:",
        "tests/formats/test_lightgbm.py::test_read_text__refuses_what_points_outside_of_itself",
    ),
    Guard(
        "children of XGBoost's trees",
        "mlci/formats/xgboost_json.py",
        "if np.any((children < 1) | (children >= n_nodes)) or len(np.unique(children)) != len(children):",
        "if n_nodes < 0:",
        "tests/formats/test_xgboost.py::test_read_document__refuses_what_points_outside_of_itself",
    ),
    Guard(
        "operators of ONNX",
        "mlci/formats/onnx_graph.py",
        "if operator not in known:",
        "if operator in {None}:",
        "tests/formats/test_onnx.py::test_read_graph__operators_of_others_are_refused_by_name",
    ),
    Guard(
        "children of ONNX's trees",
        "mlci/formats/onnx_graph.py",
        "if not np.isin(children, known).all() or len(np.unique(children)) != len(children):",
        "if not len(known):",
        "tests/formats/test_onnx.py::test_read_graph__refuses_trees_that_point_outside_of_themselves",
    ),
    Guard(
        "a conversion that answers alike",
        "mlci/commands/conversion.py",
        "if not is_alike or not np.allclose(after.values, before.values, rtol=RELATIVE, atol=ABSOLUTE):",
        "if not is_alike and RELATIVE < ABSOLUTE:",
        "tests/commands/test_conversion.py::test_train__a_conversion_that_changes_answers_is_refused",
    ),
    Guard(
        "what a pickle may name",
        "mlci/formats/pickle_model.py",
        'if not (root in PACKAGES or (module == "builtins" and name in BUILTINS)):',
        "if not root:",
        "tests/adapters/test_conversion.py::test_convert__what_a_pickle_names_and_may_not_is_named",
    ),
    Guard(
        "answers to golden rows",
        "mlci/commands/verify.py",
        "_refuse_other_answers(name, differing(expected, found), len(expected))",
        "_ = differing",
        "tests/commands/test_verify.py::test_verify__a_package_that_answers_otherwise_than_when_it_was_made",
    ),
)


def run_without(guard: Guard, place: Path) -> subprocess.CompletedProcess[str]:
    """Run the guard's test on a copy of the tree in which the guard is taken out."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, place / name)
    file = place / guard.file
    text = file.read_text()
    assert text.count(guard.guarded) == 1, f"the guard “{guard.name}” is not found once in {guard.file}"
    file.write_text(text.replace(guard.guarded, guard.unguarded))
    # The copy must be what is imported, by the test and by the processes that it starts.
    environment = {**os.environ, "PYTHONPATH": str(place)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", guard.test],
        cwd=place, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
