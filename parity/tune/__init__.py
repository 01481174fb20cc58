"""Which operations have to run in fp32, so that every tap is within limits: a search with few builds."""

from parity.tune.cost import TimeModel
from parity.tune.csv_files import write_taps_csv, write_trials_csv
from parity.tune.group import OperationGroup, make_groups
from parity.tune.readings import OwnNoise, own_noise, read_comparison
from parity.tune.search import STATUSES, SearchResult, search
from parity.tune.store import TrialStore
from parity.tune.trial import TapReading, Trial
from parity.tune.trials import Budget, OutOfBudgetError, Trials
from parity.tune.words import result_lines, table_lines, time_line, trial_line

__all__ = [
    "STATUSES",
    "Budget",
    "OperationGroup",
    "OutOfBudgetError",
    "OwnNoise",
    "SearchResult",
    "TapReading",
    "TimeModel",
    "Trial",
    "TrialStore",
    "Trials",
    "make_groups",
    "own_noise",
    "read_comparison",
    "result_lines",
    "search",
    "table_lines",
    "time_line",
    "trial_line",
    "write_taps_csv",
    "write_trials_csv",
]
