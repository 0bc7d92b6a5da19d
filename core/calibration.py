"""Which temperature a run has, and whether its scores are shown calibrated: `calibration.json` in its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.evaluation.temperature import Temperature
from core.files import write_json
from core.run_record import damaged
from core.runs import Run, read_json

CALIBRATION_FILE = "calibration.json"
CALIBRATED = "calibrated"  # a kind of scores; raw ones, as the network gives them, are the empty text


@dataclass(frozen=True)
class RunCalibration:
    """A run's temperature, and whether it is in force.

    Attributes:
        temperature: fitted on the run's validation split.
        in_force: whether the whole app and the command line speak of calibrated scores.
        fitted_at: when it was fitted, ISO 8601, UTC.
        changed_at: when it was last switched on or off.
        carried_from: the operating point, as on disk, that was chosen on the other kind of scores; None where there
            was none.
        carried_point: what it became for the kind of scores now in force.
    """

    temperature: Temperature
    in_force: bool
    fitted_at: str
    changed_at: str
    carried_from: Mapping[str, Any] | None = None
    carried_point: Mapping[str, Any] | None = None

    @property
    def score_kind(self) -> str:
        """The kind of scores in force."""
        return CALIBRATED if self.in_force else ""


def read_calibration(run: Run) -> RunCalibration | None:
    """What is kept of a run's calibration; None where it has none.

    Raises:
        RunDamagedError: the file cannot be read, or holds no temperature.
    """
    path = run.folder / CALIBRATION_FILE
    if not path.exists():
        return None
    content = read_json(run, CALIBRATION_FILE)
    try:
        if not isinstance(content["in_force"], bool):
            raise ValueError(f"in_force is {content['in_force']!r}")
        temperature = Temperature(
            float(content["temperature"]),
            str(content["split"]),
            int(content["n"]),
            int(content["fewest"]),
            None
            if content.get("fewest_groups") is None
            else int(content["fewest_groups"]),  # absent: an earlier version
        )
        carried = [content.get(name) for name in ("carried_from", "carried_point")]
        if any(not isinstance(one, dict | None) for one in carried):
            raise ValueError("a carried operating point is no object")
        return RunCalibration(
            temperature, content["in_force"], str(content["fitted_at"]), str(content["changed_at"]), *carried
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(path, error) from error


def write_calibration(run: Run, calibration: RunCalibration) -> None:
    """Keep it with the run, in one step: scores and threshold change kind together."""
    write_json(
        run.folder / CALIBRATION_FILE,
        {
            **calibration.temperature.to_json(),
            "in_force": calibration.in_force,
            "fitted_at": calibration.fitted_at,
            "changed_at": calibration.changed_at,
            "carried_from": calibration.carried_from,
            "carried_point": calibration.carried_point,
        },
    )


def temperature_in_force(run: Run) -> Temperature | None:
    """What the run's scores are to be calibrated with; None where they are raw.

    Raises:
        RunDamagedError: `calibration.json` is damaged.
    """
    calibration = read_calibration(run)
    return calibration.temperature if calibration is not None and calibration.in_force else None
