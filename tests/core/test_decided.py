"""The threshold in force and its history: nothing is lost, whoever saves at the same time or is killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from tiny_trainings import ROOT

from core.decided import (
    DAMAGED_FILE,
    POINT_FILE,
    before,
    point_history,
    point_in_force,
    save_point,
    stored_point,
    take_back,
)
from core.errors import RequestError, RunDamagedError, RunNotFoundError
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.operating_point import fixed_point
from core.evaluation.decision.rules import MaxFnr, Zones
from core.evaluation.decision.zones import zone_figures
from core.results import split_results
from core.runs import clear_leftovers

SAVE_MANY = """
import sys
from pathlib import Path
from core.decided import save_point
from core.evaluation.decision.operating_point import fixed_point
from core.results import split_results
from core.runs import read_run
run = read_run(Path(sys.argv[1]))
scored = split_results(run, "val").scored
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    save_point(run, fixed_point(scored, float(sys.argv[2]) + number / 10000))
"""


def set_to(run, threshold):
    return save_point(run, fixed_point(split_results(run, "val").scored, threshold))


def saving(run, threshold, times):
    """A process that saves so often, once it is told to begin."""
    process = subprocess.Popen(
        [sys.executable, "-c", SAVE_MANY, str(run.folder), str(threshold), str(times)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_nothing_was_ever_chosen_for_a_new_run(own_run):
    assert stored_point(own_run) is None
    assert point_history(own_run) == ()
    assert before(()) is None
    with pytest.raises(RequestError, match=r"expected a threshold to take back in run .*, found none"):
        take_back(own_run)


def test_a_saved_point_knows_its_time_and_its_data(own_run):
    saved = save_point(own_run, chosen(split_results(own_run, "val").scored, MaxFnr(0.3)))
    assert saved.data_fingerprint == own_run.record.data_fingerprint != ""
    assert saved.chosen_at.endswith("+00:00")
    assert point_in_force(own_run) == stored_point(own_run) == saved
    [change] = point_history(own_run)
    assert (change.number, change.point, change.back_to) == (1, saved, None)


def test_two_thresholds_are_kept_with_their_rule(own_run):
    saved = save_point(own_run, chosen(split_results(own_run, "val").scored, Zones(0.25, 0.25)))
    assert saved.upper is not None
    zones = zone_figures(split_results(own_run, "val").scored, saved.threshold, saved.upper)
    assert (saved.ruled_in_fpr, saved.referred) == (zones.fpr, zones.referred)
    assert point_in_force(own_run) == saved


def test_going_back_is_a_change_of_its_own_and_goes_further_back_each_time(own_run):
    for threshold in (0.2, 0.3, 0.4):
        set_to(own_run, threshold)
    assert [take_back(own_run).threshold for _ in range(3)] == [0.3, 0.2, 0.5]
    history = point_history(own_run)
    assert [change.point.threshold for change in history] == [0.2, 0.3, 0.4, 0.3, 0.2, 0.5]
    assert [change.back_to for change in history] == [None, None, None, 2, 1, 0]
    assert point_in_force(own_run).rule == "default"
    with pytest.raises(RequestError, match="expected a threshold to take back"):
        take_back(own_run)


def test_what_was_chosen_after_going_back_is_taken_back_to_where_that_went(own_run):
    set_to(own_run, 0.2)
    set_to(own_run, 0.3)
    take_back(own_run)  # to 0.2
    set_to(own_run, 0.6)
    assert take_back(own_run).threshold == 0.2
    assert take_back(own_run).rule == "default"


def test_any_change_can_be_put_in_force_again(own_run):
    first = set_to(own_run, 0.2)
    set_to(own_run, 0.3)
    again = take_back(own_run, to=1)
    assert replace(again, chosen_at=first.chosen_at) == first
    assert take_back(own_run, to=0).rule == "default"
    for number in (-1, 5):
        with pytest.raises(RequestError, match=f"expected the number of a change from 0 to 4, found {number}"):
            take_back(own_run, to=number)


def test_a_file_without_history_is_its_own_first_change(own_run):
    point = fixed_point(split_results(own_run, "val").scored, 0.3)
    old = {name: point.to_json()[name] for name in ("threshold", "rule", "split", "fnr", "fpr", "n", "positives")}
    (own_run.folder / POINT_FILE).write_text(json.dumps(old))
    assert point_in_force(own_run) == point
    set_to(own_run, 0.4)
    assert [change.point.threshold for change in point_history(own_run)] == [0.3, 0.4]
    assert take_back(own_run).threshold == 0.3


@pytest.mark.parametrize("content", ["", "[]", "{", '{"threshold": 0.5}', "[" * 100_000])
def test_damage_is_said_with_what_to_do_and_kept_beside_the_next_choice(own_run, content):
    set_to(own_run, 0.3)
    path = own_run.folder / POINT_FILE
    path.write_text(content)
    for read in (point_in_force, point_history, take_back):
        with pytest.raises(RunDamagedError, match=r"operating_point\.json, found damage; save one again") as refused:
            read(own_run)
        assert "\n" not in str(refused.value)
    set_to(own_run, 0.4)
    assert point_in_force(own_run).threshold == 0.4
    assert [change.point.threshold for change in point_history(own_run)] == [0.4]
    assert (own_run.folder / DAMAGED_FILE).read_text() == content


@pytest.mark.parametrize("history", [[], "much", [{}], [{"back_to": 7, "point": {}}], None])
def test_a_damaged_history_leaves_the_threshold_in_force(own_run, history):
    saved = set_to(own_run, 0.3)
    path = own_run.folder / POINT_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "history": history}))
    assert point_in_force(own_run) == saved
    with pytest.raises(RunDamagedError, match=r"expected an operating point in .*found damage; save one again"):
        point_history(own_run)


def test_two_who_save_at_the_same_time_lose_nothing(own_run):
    processes = [saving(own_run, threshold, 20) for threshold in (0.2, 0.7)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    saved = [change.point.threshold for change in point_history(own_run)]
    assert len(saved) == 40
    for start in (0.2, 0.7):
        mine = [threshold for threshold in saved if abs(threshold - start) < 0.1]
        assert mine == [start + number / 10000 for number in range(20)]
    assert point_in_force(own_run).threshold == saved[-1]


def test_a_kill_leaves_a_whole_history_and_no_lock(own_run):
    set_to(own_run, 0.1)
    process = saving(own_run, 0.2, 10_000)
    process.stdin.write("go\n")
    process.stdin.flush()
    while len(point_history(own_run)) < 5:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    history = point_history(own_run)
    assert [change.point.threshold for change in history[1:]] == [0.2 + n / 10000 for n in range(len(history) - 1)]
    assert set_to(own_run, 0.9) == point_in_force(own_run)
    clear_leftovers(own_run)
    assert len(point_history(own_run)) == len(history) + 1


def test_a_step_back_to_a_rule_that_the_scores_in_force_do_not_allow_changes_nothing(own_run, monkeypatch):
    set_to(own_run, 0.2)
    set_to(own_run, 0.3)
    before_it = (own_run.folder / POINT_FILE).read_bytes()

    def refuses(*_):
        raise RequestError("cannot apply the rule to the scores in force")

    monkeypatch.setattr("core.decided.point_for_scores", refuses)
    with pytest.raises(RequestError, match="cannot apply"):
        take_back(own_run)
    assert (own_run.folder / POINT_FILE).read_bytes() == before_it


def test_a_threshold_of_other_scores_than_those_in_force_is_refused(own_run):
    point = fixed_point(split_results(own_run, "val").scored, 0.3)
    with pytest.raises(RequestError, match=r"chosen on calibrated scores of run .* by now raw ones are in force"):
        save_point(own_run, replace(point, score_kind="calibrated"))
    assert stored_point(own_run) is None


def test_a_deleted_run_is_not_brought_back(own_run):
    point = fixed_point(split_results(own_run, "val").scored, 0.3)
    shutil.rmtree(own_run.folder)
    with pytest.raises(RunNotFoundError):
        save_point(own_run, point)
    assert not own_run.folder.exists()
