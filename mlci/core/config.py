"""The configuration: `mlci.yaml` as a strict, frozen model.

Each field says whose it is. `RULE` fields can turn red into green and are read from base; `HEAD` fields are the
candidate's own business. `mlci.core.rules.effective` is the one place where the two are merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator
from typing_extensions import override

from mlci.core.config_problems import problems_between, undirected, unknown_sets
from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_section import DataSection  # noqa: TC001 - pydantic reads annotations at run time
from mlci.core.documents import read_document, read_model
from mlci.core.judging_sections import EvaluateSection, InconclusiveSection, ModelSection, StatisticsSection
from mlci.core.leak_rule import LeakRule  # noqa: TC001 - as above
from mlci.core.release_sections import DeploySection, PromoteSection  # noqa: TC001 - as above
from mlci.core.requirement import Gate  # noqa: TC001 - as above
from mlci.core.sealed_section import SealedSection  # noqa: TC001 - as above
from mlci.core.section import HEAD, PARTS, RULE, Command, Name, Section
from mlci.core.training_sections import EnvironmentSection, TrainSection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.strict_yaml import Path


def _number_of_version(value: object) -> object:
    """Return VALUE where it is an integer: `1.0` and `true` equal 1 in Python, and are no versions."""
    if type(value) is not int:
        message = "input should be 1"
        raise ValueError(message)
    return value


class DataConfig(Section):
    """What `mlci.yaml` says of data: all of it where a repository has no model."""

    version: Annotated[Annotated[Literal[1], BeforeValidator(_number_of_version)], RULE]
    data: Annotated[dict[Name, DataSection], PARTS]
    leaks: Annotated[tuple[LeakRule, ...], RULE] = Field(default=(), strict=False, max_length=50)

    @property
    def sealed_set(self) -> str | None:
        """The data set that only a promotion opens; None where there is none."""
        return None

    @property
    def kept_apart(self) -> frozenset[str]:
        """The data sets that nothing brings to where the code of a pull request runs."""
        return frozenset()

    @property
    def open_data(self) -> dict[str, DataSection]:
        """The data sets but for the sealed one: what a verb means that is told no names."""
        return {name: section for name, section in self.data.items() if name != self.sealed_set}

    @property
    def named_sets(self) -> dict[Path, Name]:
        """The data set that is named at each place beside `data` itself."""
        rules = enumerate(self.leaks)
        return {("leaks", place, "sets", part): name for place, rule in rules for part, name in enumerate(rule.sets)}

    @model_validator(mode="after")
    def _names_data_sets(self) -> Self:
        problem = next(unknown_sets(self), None)
        if problem is not None:
            raise problem
        return self


class Config(DataConfig):
    """The whole of `mlci.yaml`."""

    model: Annotated[ModelSection, PARTS]
    tests: Annotated[Command | None, HEAD] = None
    environment: Annotated[EnvironmentSection, PARTS] = EnvironmentSection()
    train: Annotated[TrainSection, PARTS]
    evaluate: Annotated[EvaluateSection, PARTS]
    sealed: Annotated[SealedSection | None, RULE] = None
    statistics: Annotated[StatisticsSection, PARTS] = StatisticsSection()
    gates: Annotated[tuple[Gate, ...], RULE] = Field(default=(), strict=False)
    on_inconclusive: Annotated[InconclusiveSection, PARTS] = InconclusiveSection()
    promote: Annotated[PromoteSection, PARTS]
    deploy: Annotated[dict[Name, DeploySection], PARTS] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _says_which_way_is_better(cls, value: Any) -> Any:  # noqa: ANN401 - what a document holds is any value
        problem = next(undirected(value), None)
        if problem is not None:
            raise problem
        return value

    @property
    @override
    def sealed_set(self) -> str | None:
        """The data set that only a promotion opens; None where there is none."""
        return None if self.sealed is None else self.sealed.data

    @property
    @override
    def kept_apart(self) -> frozenset[str]:
        """The data sets that nothing brings to where the code of a pull request runs."""
        return frozenset(name for name in (self.sealed_set, self.evaluate.labels) if name is not None)

    @property
    @override
    def named_sets(self) -> dict[Path, Name]:
        """The data set that is named at each place beside `data` itself."""
        evaluate = self.evaluate
        of_rows = {"data": evaluate.data, "labels": evaluate.labels, "features": evaluate.features}
        return {
            **{("evaluate", key): name for key, name in of_rows.items() if name},
            **{("train", "data", place): name for place, name in enumerate(self.train.data)},
            **({("sealed", "data"): self.sealed.data} if self.sealed else {}),
            **super().named_sets,
        }

    @property
    def judging_sets(self) -> tuple[Name, ...]:
        """The data sets that judge: the rows, and what holds their labels where that is another."""
        rows, labels = self.evaluate.data, self.evaluate.labels
        return (rows,) if labels is None else (rows, labels)

    @property
    def scoring_sets(self) -> tuple[Name, ...]:
        """The data sets that scores come from: those that judge, and what adds features to their rows."""
        features = self.evaluate.features
        return self.judging_sets if features is None else (*self.judging_sets, features)

    @property
    def inputs(self) -> tuple[Name, ...]:
        """The data sets that the training command reads; who hands in answers needs the rows that they are for."""
        train, rows = self.train, self.evaluate.data
        return train.data if train.least == "model" or rows in train.data else (*train.data, rows)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problem = next(problems_between(self), None)
        if problem is not None:
            raise problem
        return self


LATER = frozenset(
    {
        "report", "serve", "model.risk",
        "data.*.engine",
        "promote.version",
        "deploy.*.smoke", "deploy.*.canary", "deploy.*.bake", "deploy.*.keep",
    }
)  # fmt: skip
"""Keys of the design that are refused, by name, until they work."""


def read_data_config(text: bytes, name: str = FILE_NAME) -> DataConfig:
    """Return the configuration in TEXT, a `Config` where it says anything of a model; raises as `read_config`."""
    document = read_document(text, name)
    says_only_data = isinstance(document.value, dict) and document.value.keys() <= DataConfig.model_fields.keys()
    return read_model(text, DataConfig if says_only_data else Config, name, later=LATER)


def read_config(text: bytes, name: str = FILE_NAME) -> Config:
    """Return the configuration in TEXT; raises `UsageError` that names every problem with line and column."""
    return read_model(text, Config, name, later=LATER)


def json_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the JSON Schema of MODEL for editors and other tools."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(mode="validation")}
