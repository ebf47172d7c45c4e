"""What one model answers on the rows of an evaluation set, and what every metric makes of it, by task.

Whatever several metrics share (decisions, their cells, one sort of the scores) is computed once; a slice is cut out of
it without another sort.
"""

from mlci.core.answers.binary import RARER_CLASS, Answers
from mlci.core.answers.measured import MeasuredAnswers
from mlci.core.answers.multiclass import MulticlassAnswers
from mlci.core.answers.multilabel import MultilabelAnswers
from mlci.core.answers.numbers import NumberAnswers
from mlci.core.answers.quantiles import QuantileAnswers, crossing
from mlci.core.answers.ranking import QueryAnswers, RankingAnswers, differs_within
from mlci.core.answers.sample import Sample
from mlci.core.answers.scores import ScoreAnswers
from mlci.core.answers.task import TaskAnswers

__all__ = [
    "RARER_CLASS",
    "Answers",
    "MeasuredAnswers",
    "MulticlassAnswers",
    "MultilabelAnswers",
    "NumberAnswers",
    "QuantileAnswers",
    "QueryAnswers",
    "RankingAnswers",
    "Sample",
    "ScoreAnswers",
    "TaskAnswers",
    "crossing",
    "differs_within",
]
