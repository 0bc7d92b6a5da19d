import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_trainings import wait_until
from waiting_runs import LONG_AGO, claimed_elsewhere, new_run, waiting_run

from core.errors import RequestError, WorkError
from core.runs import Run, read_run
from core.training import queue
from core.training.queue import device_turn, enter, move, move_to_end, move_to_front, queued, waiting_before
from core.training.signs import claimed, progress_of, report


def ids(runs: list[Run]) -> list[str]:
    return [run.id for run in runs]


def train(run: Run, order: list[str]) -> None:
    with claimed(run), device_turn(run, stop_requested=lambda: False) as its_turn:
        assert its_turn
        order.append(run.updated(status="running").id)
        run.updated(status="finished")


def test_one_trains_at_a_time(tmp_path):
    runs = [new_run(tmp_path) for _ in range(4)]
    inside, most = 0, 0

    def work(run: Run) -> None:
        nonlocal inside, most
        with claimed(run), device_turn(run, stop_requested=lambda: False):
            run.updated(status="running")
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            inside -= 1
            run.updated(status="finished")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, runs))
    assert most == 1
    assert {read_run(run.folder).record.status for run in runs} == {"finished"}
    assert queued(tmp_path) == []


def test_runs_wait_in_the_order_they_were_started_not_made(tmp_path):
    second = new_run(tmp_path, created=LONG_AGO)
    first = waiting_run(tmp_path)
    report(second, phase="starting")
    enter(second)
    assert ids(queued(tmp_path)) == [first.id, second.id]
    assert [waiting_before(run) for run in (first, second)] == [0, 1]


def test_who_enters_again_goes_to_the_end(tmp_path):
    first, second = waiting_run(tmp_path), waiting_run(tmp_path)
    enter(first)
    assert ids(queued(tmp_path)) == [second.id, first.id]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5)), max_size=5))
def test_any_moves_leave_every_run_in_the_queue_once_as_a_list_would(moves):
    with tempfile.TemporaryDirectory() as name:
        runs = [waiting_run(Path(name)) for _ in range(4)]
        expected = ids(runs)
        for which, places in moves:
            place = expected.index(runs[which].id)
            expected.insert(min(max(place + places, 0), 3), expected.pop(place))
            assert ids(move(runs[which], places=places)) == expected
        assert ids(queued(Path(name))) == expected
        assert [waiting_before(run) for run in queued(Path(name))] == [0, 1, 2, 3]


def test_a_run_can_be_made_the_next_or_the_last(tmp_path):
    a, b, c = (waiting_run(tmp_path) for _ in range(3))
    assert ids(move_to_front(c)) == [c.id, a.id, b.id]
    assert ids(move_to_end(c)) == [a.id, b.id, c.id]


@pytest.mark.parametrize("status", ["running", "finished", "failed", "stopped"])
def test_only_a_waiting_run_can_be_moved(tmp_path, status):
    run = waiting_run(tmp_path).updated(status=status)
    with pytest.raises(RequestError, match=f"^expected a waiting run to move, found {run.id} {status}; `python -m"):
        move_to_front(run)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[1]", b'{"order": 3}', b'{"order": [3, null]}', b"[" * 9000, None]
)
def test_without_a_readable_order_runs_go_as_they_were_made_and_the_order_is_written_anew(tmp_path, content):
    second, first = waiting_run(tmp_path), waiting_run(tmp_path, created=LONG_AGO)
    path = tmp_path / "queue.json"
    path.unlink() if content is None else path.write_bytes(content)
    assert ids(queued(tmp_path)) == [first.id, second.id]
    assert waiting_before(second) == 1
    assert waiting_before(first) == 0
    assert ids(move_to_front(second)) == [second.id, first.id]


def test_a_run_not_in_the_order_waits_behind_those_that_are(tmp_path):
    known = waiting_run(tmp_path)
    other = new_run(tmp_path, created=LONG_AGO)
    report(other, phase="starting")
    assert ids(queued(tmp_path)) == [known.id, other.id]


@pytest.mark.parametrize("gone", ["dead", "made only", "ended", "removed", "damaged"])
def test_who_does_not_wait_any_more_holds_up_nobody(tmp_path, gone):
    ahead, run = waiting_run(tmp_path), waiting_run(tmp_path)
    if gone == "dead":
        report(ahead, phase="waiting", ahead=1)  # it held the run once, and nobody does now
    elif gone == "made only":
        (ahead.folder / "status.json").unlink()
    elif gone == "ended":
        ahead.updated(status="stopped")
    else:
        (ahead.folder / "run.json").unlink() if gone == "removed" else (ahead.folder / "run.json").write_text("{")
    assert waiting_before(run) == 0
    assert ids(queued(tmp_path)) == [run.id]


def test_a_process_that_is_started_but_not_up_yet_keeps_its_place(tmp_path):
    ahead, run = waiting_run(tmp_path), waiting_run(tmp_path)
    assert waiting_before(run) == 1
    report(ahead, phase="starting", pid=2**22 + 1)  # no such process
    assert waiting_before(run) == 0


def test_those_who_wait_obey_a_change_of_the_order(tmp_path):
    first, second, third = (waiting_run(tmp_path) for _ in range(3))
    order: list[str] = []
    with claimed_elsewhere(first):  # it is in front, and does nothing
        threads = [threading.Thread(target=train, args=(run, order)) for run in (second, third)]
        for thread in threads:
            thread.start()
        wait_until(lambda: [progress_of(run).get("ahead") for run in (second, third)] == [1, 2])
        move_to_front(third)
        threads[1].join()
        assert order == [third.id]
        wait_until(lambda: progress_of(second)["ahead"] == 1)
        move_to_end(first)
        threads[0].join()
    train(first, order)
    assert order == [third.id, second.id, first.id]
    assert queue._written_order(tmp_path) == []


def test_a_waiting_run_says_so_and_can_be_stopped(tmp_path):
    at_work, stop = new_run(tmp_path), threading.Event()
    answers = []

    def wait() -> None:
        with claimed(run), device_turn(run, stop_requested=stop.is_set) as its_turn:
            answers.append(its_turn)

    with device_turn(at_work, stop_requested=lambda: False):
        run = waiting_run(tmp_path)
        thread = threading.Thread(target=wait)
        thread.start()
        wait_until(lambda: progress_of(run).get("phase") == "waiting")
        assert progress_of(run)["ahead"] == 1
        stop.set()
        thread.join()
    assert answers == [False]


def test_a_queue_that_cannot_be_written_is_told_and_holds_up_nobody(tmp_path, monkeypatch):
    run = waiting_run(tmp_path)

    def full(*_told: object) -> None:
        raise WorkError("cannot write queue.json: No space left on device; free some space")

    monkeypatch.setattr(queue, "write_json", full)
    with pytest.raises(WorkError, match="No space left"):
        move_to_front(run)
    (tmp_path / "queue.json").unlink()
    order: list[str] = []
    train(run, order)
    assert order == [run.id]
