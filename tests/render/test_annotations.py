from __future__ import annotations

from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.findings import DatasetReport, Finding, finding
from mlci.render.annotations import MOST, annotated, superseded

CONTRACT = Contract.model_validate(
    {
        "columns": {
            "x": {"type": "integer", "max": 3},
            "a,b:%\n::error::".replace("\n", ""): {"type": "integer", "severity": "warn"},
        }
    }
)


def broken(key: tuple[str, ...], where: str | None, before: int | None = None) -> Finding:
    constraint = next(each for each in constraints(CONTRACT) if each.key == key)
    return finding("trips", constraint, 2, 9).model_copy(update={"where": where, "before": before})


def told(*findings: Finding, folder: str = "") -> list[str]:
    report = DatasetReport(
        dataset="trips", path="trips.csv", sha256="0" * 64, rows=9, columns=("x",), findings=findings
    )
    return annotated([report], folder).splitlines()


def test_annotation__stands_beside_the_line_of_the_rule() -> None:
    found = broken(("columns", "x", "max"), "contracts/trips.yaml:3", before=0)
    assert told(found) == [
        "::error file=contracts/trips.yaml,line=3,title=mlci%3A trips::x is above 3 in 2 of 9 rows (22.2%25) (new)"
    ]
    assert told(found, folder="shop")[0].startswith("::error file=shop/contracts/trips.yaml,line=3,")


def test_annotation__of_a_rule_that_no_file_of_the_pull_request_holds_has_no_place() -> None:
    for where in (None, "contracts/trips.yaml:3 at base"):
        assert told(broken(("columns", "x", "max"), where)) == [
            "::error title=mlci%3A trips::x is above 3 in 2 of 9 rows (22.2%25)"
        ]


def test_annotation__no_name_ends_it_or_begins_another() -> None:
    (name,) = (name for name in CONTRACT.columns if name != "x")
    (line,) = told(broken(("columns", name, "type"), None))
    assert line.startswith("::warning title=mlci%3A trips::a,b:%25::error:: is not a whole number")
    (line,) = told(broken(("columns", name, "type"), "contracts/a,b%0A.yaml:1"))
    assert line.startswith("::warning file=contracts/a%2Cb%250A.yaml,line=1,title=mlci%3A trips::")


def test_annotations__are_as_many_as_the_host_shows_new_ones_first() -> None:
    old, new = (broken(("columns", "x", "max"), "c.yaml:3", before) for before in (2, 0))
    lines = told(*[old] * MOST, new)
    assert (len(lines), lines[0].endswith("(new)"), lines[1].endswith("(as at base)")) == (MOST, True, True)


def test_annotation__of_a_tip_that_may_have_no_run_says_what_decides() -> None:
    told = superseded("https://github.com/acme/tumour", "main", "b" * 40, "a" * 40)
    assert told == (
        f"::warning title=mlci%3A who decides on {'b' * 12}?::nothing was promoted: main moved on to {'b' * 40}, "
        f"whose own run decides: https://github.com/acme/tumour/commit/{'b' * 40}/checks "
        "GitHub starts none for [skip ci], nor for a push by the token of a job. Where there is none, nobody decides "
        "before the next push, unless you do: "
        f"git switch main && git pull && mlci train && mlci promote --base {'a' * 40}\n"
    )


def test_annotation__of_a_tip_after_the_first_push_of_all_and_on_a_branch_of_any_name() -> None:
    told = superseded("https://x/a/b", "it's%25;x", "b" * 40, "0" * 40)
    assert told.endswith("""git switch 'it'"'"'s%2525;x' && git pull && mlci train && mlci promote\n""")
    assert told.count("\n") == 1
