"""What can go wrong, said in one line: what was expected, what was found, what to do.

ExplorerError
├── RequestError          the request was wrong (exit status 2)
│   ├── DatasetError      a dataset cannot be used as asked
│   ├── ConfigError       a setting is out of range or unknown
│   └── RunNotFoundError  no such run
└── WorkError             the request was fine, the work failed (exit status 1)
    ├── RunDamagedError   a file of a run is missing or cannot be read
    ├── WeightsError      weights cannot be had or do not fit
    └── DivergedError     the training loss is no longer a number
"""


class ExplorerError(Exception):
    """A failure people can act on. Its text is one line and is shown as it is."""

    exit_status = 1


class RequestError(ExplorerError):
    """The request was wrong."""

    exit_status = 2


class DatasetError(RequestError):
    """A dataset cannot be used as asked."""


class ConfigError(RequestError):
    """A setting is out of range or unknown."""


class RunNotFoundError(RequestError):
    """No such run."""


class WorkError(ExplorerError):
    """The request was fine, the work failed."""


class RunDamagedError(WorkError):
    """A file of a run is missing or cannot be read."""


class WeightsError(WorkError):
    """Weights cannot be had or do not fit."""


class DivergedError(WorkError):
    """The training loss is no longer a number."""


def failure_line(error: ExplorerError) -> str:
    """The error as the one line people see."""
    return " ".join(str(error).split())
