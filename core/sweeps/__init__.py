"""Sweeps: several trainings of one question, ranked by what they miss on validation; test is opened once."""

from core.sweeps.opening import Opened, open_test, opened_test
from core.sweeps.rule import Rule
from core.sweeps.space import parse_space, space_of_preset, trials_in
from core.sweeps.status import SweepStatus, request_stop, start_in_background, sweep_status
from core.sweeps.sweep import Sweep, find_sweep, list_sweeps, new_sweep
from core.sweeps.table import trials_table, winner

__all__ = [
    "Opened",
    "Rule",
    "Sweep",
    "SweepStatus",
    "find_sweep",
    "list_sweeps",
    "new_sweep",
    "open_test",
    "opened_test",
    "parse_space",
    "request_stop",
    "space_of_preset",
    "start_in_background",
    "sweep_status",
    "trials_in",
    "trials_table",
    "winner",
]
