"""A program that fits equal models in every process and dumps them: `python dump_models.py FOLDER`.

With `apart` as a second argument, equal immutable values are objects of their own where they are otherwise one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def rows() -> tuple[pd.DataFrame, np.ndarray]:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": generator.normal(size=120), "b": generator.normal(size=120), "c": generator.choice(["x", "y", "z"], 120)}
    )
    return frame, (frame["a"] + frame["b"] > 0).to_numpy().astype(int)


def with_attributes(*, apart: bool) -> LogisticRegression:
    """A model with what depends on a process: a set, bytes, equal texts that may be one object, shared arrays."""
    frame, labels = rows()
    model = LogisticRegression().fit(frame[["a", "b"]], labels)
    texts = [str(b"label", "ascii") for _ in range(3)]  # three objects
    model.texts = texts if apart else [sys.intern(text) for text in texts]
    model.numbers = [float("1234.5") for _ in range(3)] if apart else [1234.5] * 3
    model.tuples = [tuple([1, "a"]) for _ in range(2)] if apart else [(1, "a")] * 2  # noqa: C409  # a literal would be one object
    model.names = {f"name {number}" for number in range(20)}
    model.pairs = {(number, f"name {number}") for number in range(20)}
    model.blob = b"\x00\x01"
    model.same_blob = bytes(bytearray(model.blob)) if apart else model.blob
    model.first = model.second = np.arange(3.0)
    model.equal = np.arange(3.0)
    return model


def models(*, apart: bool) -> dict[str, object]:
    frame, labels = rows()
    numbers = frame[["a", "b"]]
    encode = ColumnTransformer([("number", StandardScaler(), ["a", "b"]), ("text", OneHotEncoder(), ["c"])])
    return {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()).fit(numbers, labels),
        "forest": RandomForestClassifier(5, random_state=0).fit(numbers, labels),
        "boosting": GradientBoostingClassifier(n_estimators=3, random_state=0).fit(numbers, labels),
        "histogram": make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=3, random_state=0)).fit(
            numbers, labels
        ),
        "text": make_pipeline(encode, LogisticRegression()).fit(frame, labels),
        "words": make_pipeline(TfidfVectorizer(analyzer="char"), LogisticRegression()).fit(frame["c"], labels),
        "clusters": KMeans(3, n_init=1, random_state=0).fit(numbers),
        "sparse": KNeighborsClassifier(algorithm="brute").fit(sparse.csr_matrix(numbers.to_numpy()), labels),
        "attributes": with_attributes(apart=apart),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, model in models(apart="apart" in sys.argv).items():
        (folder / f"{name}.skops").write_bytes(skops.io.dumps(model))
