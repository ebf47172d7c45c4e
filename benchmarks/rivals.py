"""The rules of `data.py` with Data Contract CLI and Great Expectations, each through what it documents for its users.

They live in an environment of their own, at the versions and hashes of rivals.txt, and are no dependency of mlci; so
does the rival of `predict.py`, by mlflow.txt. Both
get the same file and the same rules as far as they have words for them, and must find what is wrong with the file and
nothing else. Usage, as `data.py` calls it, which has the table:

    python benchmarks/rivals.py install [LOCK]
    python benchmarks/rivals.py datacontract|great_expectations FILE CONTRACT

Only the standard library is imported: the environment runs this file too, since Great Expectations wants a script.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOCK = Path(__file__).resolve().with_name("rivals.txt")


def venv_of(lock: Path) -> Path:
    """Return the folder of the environment of a lock."""
    return lock.parent.parent / ".bootstrap" / lock.stem


VENV = venv_of(LOCK)
PANDAS = {"integer": ["int64", "int32"], "number": ["float64"], "boolean": ["bool"]}
"""The types of pandas for those of a contract. Texts are missing: none that may be named is the one of pandas 3."""


def install(lock: Path) -> None:
    """Bring an environment to the state of its lock, or exit with the reason why it cannot be had."""
    venv = venv_of(lock)
    uv = [str(Path(sys.executable).with_name("uv")), "--no-config", "--quiet"]
    steps = [] if venv.is_dir() else [[*uv, "venv", "--python", sys.executable, str(venv)]]
    steps += [[*uv, "pip", "sync", "--python", str(venv), "--require-hashes", "--no-build", str(lock)]]
    for step in steps:
        try:
            subprocess.run(step, check=True, capture_output=True, text=True)
        except subprocess.CalledProcessError as error:
            sys.exit(" ".join(error.stderr.split()))
        except OSError as error:
            sys.exit(str(error))


def data_contract(contract: Mapping[str, Any], path: Path) -> dict[str, object]:
    """Return CONTRACT in the Open Data Contract Standard, for a Parquet file."""
    options = {"min": "minimum", "max": "maximum", "pattern": "pattern"}
    properties = []
    for name, rules in contract["columns"].items():
        told = {word: rules[ours] for ours, word in options.items() if ours in rules}
        if "length" in rules:
            told["maxLength"] = rules["length"]["max"]
        entry = {"name": name, "logicalType": rules["type"], "logicalTypeOptions": told}
        if "enum" in rules:
            entry["enum"] = [{"value": value} for value in rules["enum"]]
        for place, key in enumerate(contract["keys"][0], start=1):
            entry |= {"primaryKey": True, "primaryKeyPosition": place} if key == name else {}
        properties.append(entry)
    query = "SELECT 100.0 * count(*) FILTER (WHERE NOT (line < 6.5 AND order_id >= 0)) / count(*) FROM data"
    share = {"type": "sql", "query": query, "mustBeLessOrEqualTo": 1}
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "data",
        "version": "1.0.0",
        "status": "active",
        "servers": [{"server": "file", "type": "local", "path": str(path), "format": "parquet"}],
        "schema": [{"name": "data", "properties": properties, "quality": [share]}],
    }


def expectations(contract: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """Yield CONTRACT as Great Expectations writes an expectation: a type, and its arguments.

    A condition on two columns exists in its SQL only, so that the last rule becomes two, each with the tolerance.
    """

    def column(kind: str, name: str, **more: object) -> dict[str, object]:
        return {"type": f"expect_column_{kind}", "kwargs": {"column": name, **more}}

    for name, rules in contract["columns"].items():
        if rules["type"] in PANDAS:
            yield column("values_to_be_in_type_list", name, type_list=PANDAS[rules["type"]])
        if "min" in rules:
            yield column("values_to_be_between", name, min_value=rules["min"])
        if "max" in rules:
            yield column("values_to_be_between", name, max_value=rules["max"])
        if "enum" in rules:
            yield column("values_to_be_in_set", name, value_set=rules["enum"])
        if "pattern" in rules:
            yield column("values_to_match_regex", name, regex=f"^{rules['pattern']}$")
        if "length" in rules:
            yield column("value_lengths_to_be_between", name, max_value=rules["length"]["max"])
    yield {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": contract["keys"][0]}}
    yield column("values_to_be_between", "line", max_value=6.5, strict_max=True, mostly=0.99)
    yield column("values_to_be_between", "order_id", min_value=0, mostly=0.99)


def datacontract(contract: Mapping[str, Any], path: Path) -> int:
    """Run `datacontract test`, and return how many rules it left out."""
    # JSON is YAML.
    (path.parent / "odcs.yaml").write_text(json.dumps(data_contract(contract, path)))
    command = [str(VENV / "bin" / "datacontract"), "test", "odcs.yaml", "--output", "found.json"]
    told = started([*command, "--output-format", "json"], path.parent)
    try:
        checks = json.loads((path.parent / "found.json").read_text())["checks"]
    except FileNotFoundError:
        sys.exit(f"datacontract test wrote no result: {told}")
    failed = [f"{check['type']} {check['field']}" for check in checks if check["result"] == "failed"]
    # Of a Parquet file it checks no types, and says so; anything else that it does not check is a mistake of ours.
    left_out = [check["type"] for check in checks if check["result"] not in {"passed", "failed"}]
    if failed != ["field_minimum line"] or set(left_out) - {"field_type"}:
        sys.exit(f"datacontract test found {failed}, left out {left_out}: {told}")
    return len(left_out)


def great_expectations(contract: Mapping[str, Any], path: Path) -> int:
    """Run a validation of Great Expectations, and return how many rules it left out."""
    suite = path.parent / "suite.json"
    suite.write_text(json.dumps({"name": "data", "expectations": list(expectations(contract))}))
    told = started([str(VENV / "bin" / "python"), __file__, "suite", str(path), str(suite)], path.parent)
    if told.splitlines()[-1:] != ['["expect_column_values_to_be_between line"]']:
        sys.exit(f"Great Expectations found something else: {told}")
    return sum(rules["type"] not in PANDAS for rules in contract["columns"].values())


def started(command: list[str], folder: Path) -> str:
    """Return what a command of the environment prints, whether it is content with the data or not."""
    # Neither tells anybody of this run, nor finds anybody's configuration.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GX_ANALYTICS_ENABLED": "false"}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else done.stdout


def validated(suite: Mapping[str, Any], path: Path) -> list[str]:
    """Return the expectations that fail, by Great Expectations: a file read with pandas, a validation definition."""
    import great_expectations as gx  # type: ignore[import-not-found]  # noqa: PLC0415 - only their environment has it

    context = gx.get_context(mode="ephemeral")
    files = context.data_sources.add_pandas_filesystem("files", base_directory=path.parent)
    batch = files.add_parquet_asset("data").add_batch_definition_path("whole", path=path.name)
    wanted = context.suites.add(gx.ExpectationSuite(**suite))
    found = context.validation_definitions.add(gx.ValidationDefinition(name="data", data=batch, suite=wanted)).run()
    raised = [each.exception_info for each in found.results if each.exception_info.get("raised_exception")]
    if raised or len(found.results) != len(suite["expectations"]):
        sys.exit(f"{len(found.results)} of {len(suite['expectations'])} expectations: {raised}")
    failed = [each.expectation_config for each in found.results if not each.success]
    return [f"{each.type} {each.kwargs.get('column')}" for each in failed]


def main(case: str, path: Path, rules: Mapping[str, Any]) -> None:
    """Print the cost and the answer of a case as `data.py` does, of the rival's process alone."""
    if case == "suite":
        print(json.dumps(validated(rules, path)))
        return
    answer = {"datacontract": datacontract, "great_expectations": great_expectations}[case](rules, path)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"cpu": cpu, "mib": used.ru_maxrss / 1024, "answer": str(answer)}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["install"]:
        install(LOCK.with_name(sys.argv[2]) if sys.argv[2:] else LOCK)
    else:
        main(sys.argv[1], Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text()))
