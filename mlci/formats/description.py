"""What a model says about itself once it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Class = str | int | float | bool
"""A class as JSON can say it."""


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A loaded model, described.

    `estimator`: the name of its class; `feature_names` and `n_features`: what it was fitted on, where it knows;
    `classes`: its classes in the order of its probabilities, None if it is no classifier; `has_probabilities`:
    whether it answers with probabilities; `labels`: how many labels it answers at once, each by 0 or 1, None if it
    answers one question (of several labels it has no classes).
    """

    estimator: str
    feature_names: tuple[str, ...] | None
    n_features: int | None
    classes: tuple[Class, ...] | None
    has_probabilities: bool
    labels: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the description as a JSON object."""
        return {
            "estimator": self.estimator,
            "feature_names": None if self.feature_names is None else list(self.feature_names),
            "n_features": self.n_features,
            "classes": None if self.classes is None else list(self.classes),
            "has_probabilities": self.has_probabilities,
            "labels": self.labels,
        }

    @classmethod
    def from_dict(cls, value: object) -> ModelDescription:
        """Return the description that a JSON object holds; raises ValueError if it is anything else."""
        if not isinstance(value, dict) or value.keys() != set(cls.__slots__):
            raise ValueError("not a description of a model")
        names, n_features = value["feature_names"], value["n_features"]
        has_right_types = (
            isinstance(value["estimator"], str)
            and (names is None or (isinstance(names, list) and all(isinstance(name, str) for name in names)))
            and (n_features is None or type(n_features) is int)
            and isinstance(value["has_probabilities"], bool)
            and (value["labels"] is None or type(value["labels"]) is int)
        )
        if not has_right_types:
            raise ValueError("a description of a model with values of wrong types")
        return cls(
            estimator=value["estimator"],
            feature_names=None if names is None else tuple(names),
            n_features=n_features,
            classes=classes_from_json(value["classes"]),
            has_probabilities=value["has_probabilities"],
            labels=value["labels"],
        )


def classes_from_json(value: object) -> tuple[Class, ...] | None:
    """Return classes from a JSON value; raises ValueError unless it is null or a list of different scalars."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str | int | float | bool) for item in value):
        raise ValueError("classes are no list of texts, numbers or truth values")
    if len({(type(item), item) for item in value}) != len(value):
        raise ValueError("a class occurs twice")
    return tuple(value)
