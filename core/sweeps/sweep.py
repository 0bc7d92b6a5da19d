"""A sweep's folder: what was asked for, made and found again.

`<runs>/sweeps/<id>/` holds `sweep.json` (what was asked), `trials.sqlite` (Optuna's trials), `opened.json` once the
test figures of the winner have been looked at, and what processes tell each other by: locks and a stop request.
The runs of its trials are ordinary runs beside all others; their records name the sweep.
"""

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from core.data.folders import check_folder
from core.errors import ConfigError, ExplorerError, RequestError, RunDamagedError, RunNotFoundError
from core.evaluation.decision.budgets import USUAL_MAX_FPR
from core.files import make_folder, write_json
from core.runs import now_text
from core.sweeps.rule import Rule
from core.sweeps.space import Range, Space, check_space, is_grid, space_from_json, space_to_json, trials_in
from core.training.config import TrainingConfig, config_from_json
from core.training.presets import configured, preset_named

SCHEMA = 1
DEFAULT_TRIALS = 20  # where a range is varied: a grid has an end of its own
FOLDER = "sweeps"
OPENED_FILE = "opened.json"
Sampler = Literal["grid", "tpe"]


@dataclass(frozen=True)
class Sweep:
    """What was asked for, and the folder it is worked on in.

    Attributes:
        folder: `<runs>/sweeps/<id>`.
        created: when, ISO 8601, UTC.
        data: the dataset's folder.
        preset: its name.
        preset_config: the preset's own settings, as they were then.
        config: the settings of every trial, but for those varied.
        space: what is varied.
        rule: by what the trials are ranked.
        sampler: `grid` for all combinations (or some, drawn by the seed), `tpe` for Optuna's estimator.
        trials: how many are wanted.
    """

    folder: Path
    created: str
    data: Path
    preset: str
    preset_config: Mapping[str, Any]
    config: TrainingConfig
    space: Space
    rule: Rule
    sampler: Sampler
    trials: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its folder's name, which the records of its runs carry."""
        return self.folder.name

    @property
    def runs_folder(self) -> Path:
        """Where its runs lie, among all others."""
        return self.folder.parent.parent

    @property
    def seed(self) -> int:
        """Of the sampler, and of every trial."""
        return self.config.seed

    @property
    def ranges(self) -> dict[str, bool]:
        """The fields drawn from a range, true where it is logarithmic."""
        return {name: varied.log for name, varied in self.space.items() if isinstance(varied, Range)}

    @property
    def log_path(self) -> Path:
        """What its processes in the background say."""
        return self.folder / "log.txt"

    @property
    def trials_path(self) -> Path:
        """Optuna's database."""
        return self.folder / "trials.sqlite"

    def with_trials(self, trials: int) -> "Sweep":
        """The same sweep with another number of trials wanted, written down.

        Raises:
            ConfigError: fewer than one.
            RequestError: its test figures have been opened: whoever knows them must not look further.
        """
        if (self.folder / OPENED_FILE).exists():
            raise RequestError(f"expected sweep {self.id} with test still closed, found it opened; begin a new sweep")
        changed = replace(self, trials=_trials_wanted(self.space, trials))
        _write(changed)
        return changed


def new_sweep(
    runs_folder: Path,
    *,
    data: Path,
    preset: str,
    space: Space,
    settings: Mapping[str, Any] | None = None,
    rule: Rule | None = None,
    trials: int | None = None,
) -> Sweep:
    """Write down what to sweep over; nothing is trained yet.

    Args:
        runs_folder: of the sweep and its runs.
        data: the dataset's folder.
        preset: whose config every trial begins with.
        space: what is varied: `parse_space`, `space_of_preset`.
        settings: fields of the preset that all trials have otherwise.
        rule: by what they are ranked; without one by validation FNR at no more than 10 % false alarms.
        trials: how many; without it all of a grid, else 20.

    Raises:
        RequestError: there is no such dataset, a value cannot be used, or a field is both fixed and varied.
        WorkError: the folder cannot be written.
    """
    settings = dict(settings or {})
    check_folder(data)
    both = sorted(set(space) & set(settings))
    if both:
        raise ConfigError(f"expected {both[0]} either fixed or varied, found both; leave one of the two out")
    config = configured(preset, settings)
    check_space(space, config)
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{preset}-{secrets.token_hex(2)}"
    sweep = Sweep(
        folder=runs_folder / FOLDER / name,
        created=now_text(),
        data=data.resolve(),
        preset=preset,
        preset_config=preset_named(preset).config.to_json(),
        config=config,
        space=dict(space),
        rule=rule or Rule(max_fpr=USUAL_MAX_FPR),
        sampler="grid" if is_grid(space) else "tpe",
        trials=_trials_wanted(space, trials),
        settings=settings,
    )
    make_folder(sweep.folder)
    _write(sweep)
    return sweep


def read_sweep(folder: Path) -> Sweep:
    """Read `sweep.json`; a RunNotFoundError where there is none, a RunDamagedError where it cannot be read as one."""
    path = folder / "sweep.json"
    if not path.is_file():
        raise RunNotFoundError(f"expected a sweep at {folder}, found no sweep.json there; begin one with a dataset")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']}, this version reads {SCHEMA}")
        if content["sampler"] not in ("grid", "tpe"):
            raise ValueError(f"sampler {content['sampler']!r}")
        return Sweep(
            folder=folder.resolve(),
            created=str(content["created"]),
            data=Path(content["data"]),
            preset=str(content["preset"]),
            preset_config=dict(content["preset_config"]),
            config=config_from_json(content["config"]),
            space=space_from_json(content["space"]),
            rule=Rule(**content["rule"]),
            sampler=content["sampler"],
            trials=int(content["trials"]),
            settings=dict(content["settings"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, ConfigError) as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise RunDamagedError(
            f"expected a readable sweep.json in {folder}, but it is damaged ({first_line}); begin a new sweep"
        ) from error


def find_sweep(name: str, runs_folder: Path) -> Sweep:
    """The sweep meant by `name`: a folder, an id under `<runs>/sweeps`, or the beginning of exactly one id.

    Raises:
        RunNotFoundError: there is none, or several begin so.
        RunDamagedError: its `sweep.json` cannot be read.
    """
    is_id = bool(re.fullmatch(r"[\w-][\w.-]*", name))  # no way out of the folder, no wildcard
    for folder in (Path(name), *([runs_folder / FOLDER / name] if is_id else [])):
        with suppress(OSError):  # a name too long for the file system, a folder that is closed to us
            if name and (folder / "sweep.json").is_file():
                return read_sweep(folder)
    matches = sorted((runs_folder / FOLDER).glob(f"{name}*/sweep.json")) if is_id else []
    if len(matches) == 1:
        return read_sweep(matches[0].parent)
    found = f"{len(matches)} that begin so" if matches else "none"
    raise RunNotFoundError(f"expected a sweep's folder or its id under {runs_folder / FOLDER}, found {found}: {name!r}")


def list_sweeps(runs_folder: Path) -> tuple[list[Sweep], list[str]]:
    """All sweeps under a runs folder, newest first, and a line for each that cannot be read."""
    sweeps, problems = [], []
    for path in sorted((runs_folder / FOLDER).glob("*/sweep.json")):
        try:
            sweeps.append(read_sweep(path.parent))
        except ExplorerError as error:
            problems.append(str(error))
    return sorted(sweeps, key=lambda sweep: (sweep.created, sweep.id), reverse=True), problems


def _write(sweep: Sweep) -> None:
    content = {
        "schema": SCHEMA,
        "id": sweep.id,
        "created": sweep.created,
        "data": str(sweep.data),
        "preset": sweep.preset,
        "preset_config": dict(sweep.preset_config),
        "settings": dict(sweep.settings),
        "config": sweep.config.to_json(),
        "space": space_to_json(sweep.space),
        "rule": asdict(sweep.rule),
        "sampler": sweep.sampler,
        "trials": sweep.trials,
        "seed": sweep.seed,
    }
    write_json(sweep.folder / "sweep.json", content)


def _trials_wanted(space: Space, trials: int | None) -> int:
    if trials is not None and trials < 1:
        raise ConfigError(f"expected at least one trial, found {trials}")
    whole = trials_in(space)
    if whole is None:
        return DEFAULT_TRIALS if trials is None else trials
    return whole if trials is None else min(trials, whole)
