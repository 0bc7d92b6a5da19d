"""A run's folder: what stands in each file, read with care and written whole.

Layout and words: ARCHITECTURE.md, "What lies on disk". Readers never trust a file: whatever is missing or damaged
is a `RunDamagedError` that names the file and says what to do.
"""

import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RunDamagedError, RunNotFoundError, WorkError
from core.files import write_json
from core.run_record import RunRecord, damaged, read_record

if TYPE_CHECKING:
    import pandas as pd

# Where runs live, and where datasets made here live.
DEFAULT_RUNS = Path(os.environ.get("CT_EXPLORER_RUNS", "checkpoints"))
DEFAULT_DATA = Path(os.environ.get("CT_EXPLORER_DATA", "datasets"))
HISTORY_COLUMNS = (
    *("epoch", "train_loss", "val_loss", "train_accuracy", "val_accuracy"),
    *("val_auc", "val_fnr", "val_fnr_at_fpr", "learning_rate", "seconds"),
)
_LATER_COLUMNS = {"val_fnr_at_fpr"}  # that runs of an earlier version have not


@dataclass(frozen=True)
class Run:
    """One training and its folder."""

    folder: Path
    record: RunRecord

    @property
    def id(self) -> str:
        """The run's id: its folder's name."""
        return self.folder.name

    @property
    def weights_path(self) -> Path:
        """Weights of the best epoch."""
        return self.folder / "best.safetensors"

    @property
    def resume_path(self) -> Path:
        """All that is needed to go on; gone once finished."""
        return self.folder / "resume.pt"

    @property
    def log_path(self) -> Path:
        """The process's own words."""
        return self.folder / "log.txt"

    @property
    def has_results(self) -> bool:
        """Whether there are predictions to look at."""
        return self.record.status == "finished" and (self.folder / "predictions.parquet").exists()

    def updated(self, **changes: Any) -> "Run":
        """The same run with `changes` in its record, written down."""
        record = replace(self.record, **changes)
        write_json(self.folder / "run.json", asdict(record))
        return Run(self.folder, record)


def now_text() -> str:
    """The time now, ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def seconds_since(moment: str) -> float:
    """Seconds from a time as `now_text` gives it; infinite where that is no time."""
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
    except (ValueError, TypeError):  # no time, or none with a zone
        return float("inf")


def read_status(folder: Path) -> dict[str, Any]:
    """`status.json` of a run or a sweep as last written; empty before the first and when it cannot be read."""
    try:
        content = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def create_run(
    runs_folder: Path,
    *,
    config: Mapping[str, Any],
    data: Path,
    preset: str = "",
    preset_config: Mapping[str, Any] | None = None,
    phantoms: Mapping[str, int] | None = None,
    sweep: str = "",
) -> Run:
    """A new folder under `runs_folder` with a `run.json` that says "queued".

    The id tells time and backbone; a random end keeps two starts in one second apart.
    """
    try:
        runs_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkError(
            f"cannot make the runs folder {runs_folder}: {error.strerror}; choose another with --runs"
        ) from error
    backbone = "".join(c if c.isalnum() else "-" for c in str(config["backbone"]).split(".")[0])
    while True:
        run_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{backbone}-{secrets.token_hex(2)}"
        folder = runs_folder / run_id
        try:
            folder.mkdir()
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise WorkError(
                f"cannot make {folder}: {error.strerror}; choose another runs folder with --runs"
            ) from error
    record = RunRecord(
        id=run_id,
        status="queued",
        created=now_text(),
        preset=preset,
        preset_config=dict(preset_config or {}),
        sweep=sweep,
        config=dict(config),
        data=str(data.resolve()),
        phantoms=phantoms,
        seed=int(config["seed"]),
    )
    return Run(folder, record).updated()


def read_run(folder: Path) -> Run:
    """Read `run.json`.

    Raises:
        RunNotFoundError: there is no such folder, or no `run.json` in it.
        RunDamagedError: `run.json` cannot be read as one, or its values contradict each other.
    """
    path = folder / "run.json"
    if not path.is_file():
        raise RunNotFoundError(
            f"expected a run at {folder}, found no run.json there; `python -m core runs` lists the runs there are"
        )
    return Run(folder, read_record(path))


def find_run(name: str, runs_folder: Path) -> Run:
    """The run meant by `name`: a folder, an id under `runs_folder`, or the beginning of exactly one id."""
    is_id = bool(re.fullmatch(r"[\w-][\w.-]*", name))  # no way out of the runs folder, no wildcard
    for folder in (Path(name), *([runs_folder / name] if is_id else [])):
        with suppress(OSError):  # a name too long for the file system, a folder that is closed to us
            if name and (folder / "run.json").is_file():
                return read_run(folder)
    matches = sorted(runs_folder.glob(f"{name}*/run.json")) if is_id else []
    if len(matches) == 1:
        return read_run(matches[0].parent)
    found = f"{len(matches)} that begin so" if matches else "none"
    raise RunNotFoundError(
        f"expected a run's folder or its id under {runs_folder}, found {found} for {name!r}; "
        "`python -m core runs` lists the runs there are"
    )


def list_runs(runs_folder: Path) -> tuple[list[Run], list[str]]:
    """All runs under a folder, newest first, and a line for each that cannot be read."""
    runs, problems = [], []
    for path in sorted(runs_folder.glob("*/run.json")):
        try:
            runs.append(read_run(path.parent))
        except (RunDamagedError, RunNotFoundError) as error:
            problems.append(str(error))
    return sorted(runs, key=lambda run: (run.record.created, run.id), reverse=True), problems


def clear_leftovers(run: Run) -> None:
    """Remove what a killed process had no time for: half-written files, and the progress of a finished run.

    Only for who holds the run: others would take files away that somebody is writing.
    """
    for path in run.folder.glob(".*.tmp"):
        if not path.name.startswith(".operating_point."):  # pages write it, whoever holds the run
            path.unlink(missing_ok=True)
    if run.record.status == "finished":
        run.resume_path.unlink(missing_ok=True)


def read_json(run: Run, name: str) -> dict[str, Any]:
    """A JSON file of a run that holds one object."""
    path = run.folder / name
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("no object")
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, error) from error
    return content


def read_history(run: Run) -> "pd.DataFrame":
    """`history.csv`: a row an epoch, the `HISTORY_COLUMNS` that the run's version knew; empty before the first."""
    import pandas as pd

    path = run.folder / "history.csv"
    if not path.exists():
        return pd.DataFrame()
    try:
        history = pd.read_csv(path)
        for column in HISTORY_COLUMNS:
            if column not in history.columns:
                if column in _LATER_COLUMNS:
                    continue
                raise ValueError(f"no column {column!r}")
            history[column] = pd.to_numeric(history[column])
    except (OSError, ValueError, TypeError) as error:
        raise damaged(path, error) from error
    return history


def read_index(run: Run) -> "pd.DataFrame":
    """`index.parquet`: the dataset's table as trained on, with the split."""
    return _read_table(run, "index.parquet", ("path", "label", "group", "split", "sha256"))


def read_predictions(run: Run) -> "pd.DataFrame":
    """`predictions.parquet`: a row a scan, one probability column a class."""
    return _read_table(run, "predictions.parquet", ("path", "label", "split", "group", *run.record.classes))


def _read_table(run: Run, name: str, columns: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd  # only where a table is read: the start page does without

    path = run.folder / name
    try:
        table = pd.read_parquet(path)
    except Exception as error:  # pyarrow raises many kinds on damaged bytes
        raise damaged(path, error) from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise RunDamagedError(f"{path} lacks the column {missing[0]!r}; train again, or restore the file")
    return table
