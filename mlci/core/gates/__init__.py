"""The verdict: whether the candidate may replace production.

`judge` is the decision, pure and deterministic; it and `undecidable` are modules of their own, since words about gates
need no numpy. Differences are oriented so that + is good; L and U are one-sided bounds at the confidence of the rules,
so [L, U] is the two-sided interval at twice that confidence minus one. For a floor or a ceiling they are the bounds of
the candidate's own value.

| requirement              | pass                  | fail                | otherwise    |
|--------------------------|-----------------------|---------------------|--------------|
| `not_worse` m            | L > −m (tried first)  | U < 0               | inconclusive |
| `better` m               | L > m                 | U < m               | inconclusive |
| `floor` v                | L > v                 | U < v               | inconclusive |
| `ceiling` v              | U < v                 | L > v               | inconclusive |
| `no_proven_regression` m | no adjusted U < −m    | any adjusted U < −m | see below    |
| `gap_not_wider` m        | the gap's growth < m  | its growth > m      | inconclusive |

The first four look at all rows, or at slices: there every slice must pass, and a failure counts if it stands among all
slices of the gate by Holm's procedure. `no_proven_regression` is held against all comparisons of such gates together;
slices with too few rows are listed and take no part; undecided is one where a function of one's own has a value of what
production answers alone. A gap lies between the groups of a column.

Without production yet, what compares with it does not apply; where production cannot be compared with any more, it
is not comparable, and floors alone decide what fails. The same bytes as production pass `not_worse` and fail `better`,
whatever the rows say. Where theory is not to be trusted (too few rows, rows of one class, too few that changed) a gate
is inconclusive; of few changes the worst case may still say that it is not worse. A gate with severity `warn` is shown
and does not count.
"""

from mlci.core.gates.result import Flips, GateOutcome, GateResult, Outcome, SliceResult, Verdict, rows_of
from mlci.core.gates.wording import RULES

__all__ = [
    "RULES",
    "Flips",
    "GateOutcome",
    "GateResult",
    "Outcome",
    "SliceResult",
    "Verdict",
    "rows_of",
]
