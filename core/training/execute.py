"""A run from queued to ended: claimed, waited for, carried out, and how it ended written down.

Whatever moment the process dies at, the folder stays readable, and calling `execute` again goes on from there.
Nothing heavy is loaded before it is the run's turn: many may wait.
"""

from contextlib import suppress

from core.errors import ExplorerError, RequestError, WorkError
from core.runs import Run, clear_leftovers, now_text, read_run
from core.training import jobs
from core.training.signs import StopRequestedError, Told


def execute(run: Run, *, told: Told | None = None) -> Run:
    """Carry out a run in this process, waiting for its turn first; returns it as it ended.

    A run that fails says why in `run.json`; so does one that was stopped. Both can be executed again.

    Raises:
        RequestError: another process works on the run, or it is finished already.
        ExplorerError: the run failed; the text is in `run.json` too.
    """
    with jobs.claimed(run):
        run = read_run(run.folder)  # while we waited to claim it, another process may have finished it
        clear_leftovers(run)
        if run.record.status == "finished":
            raise RequestError(f"run {run.id} is finished already; start a new one to train again")
        if run.record.status != "queued":
            jobs.forget_stop(run)  # it was meant for a process that has ended since
        run = run.updated(status="queued", error="", ended="")
        try:
            with jobs.device_turn(run, stop_requested=lambda: jobs.stop_is_requested(run)) as its_turn:
                if not its_turn:
                    raise StopRequestedError
                run = run.updated(status="running", started=run.record.started or now_text())
                jobs.report(run, phase="starting")
                from core.training.carry_out import carry_out

                return carry_out(run, told=told)
        except StopRequestedError:
            return _ended(run, "stopped")
        except ExplorerError as error:
            _ended(run, "failed", str(error))
            raise
        except KeyboardInterrupt:
            _ended(run, "stopped")
            raise
        except Exception as error:
            _ended(run, "failed", " ".join(f"{type(error).__name__}: {error}; see log.txt".split()))
            raise


def _ended(run: Run, status: str, error: str = "") -> Run:
    run = read_run(run.folder).updated(status=status, error=error, ended=now_text())
    jobs.forget_stop(run)
    with suppress(WorkError):  # the record tells how it ended; this is for the page alone
        jobs.report(run, phase=status)
    return run
