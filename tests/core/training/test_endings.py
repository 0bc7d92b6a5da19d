import shutil
import signal
from collections import namedtuple
from pathlib import Path

import pytest
from waiting_runs import new_run

from core.training import endings
from core.training.endings import Ending, cause_of_death, memory_kills, without_a_word

GOES_ON = "resume goes on from the last epoch"
LESS = f"end other programs, or train again with a smaller batch_size or image_size; {GOES_ON}"


def killed_by(number: int, *, memory_kills: int = 0) -> Ending:
    return Ending(pid=7, exit_status=None, signal=number, peak_memory_gib=11.23, memory_kills=memory_kills)


def returned(status: int) -> Ending:
    return Ending(pid=7, exit_status=status, signal=None, peak_memory_gib=11.23)


@pytest.mark.parametrize(
    ("ending", "last_words", "why"),
    [
        (
            killed_by(signal.SIGKILL),
            ["epoch 3: train loss 0.1"],
            "killed by signal 9 (SIGKILL): by somebody, or by the system because memory ran out "
            f"(it held 11.2 GiB at most); {GOES_ON}",
        ),
        (
            killed_by(signal.SIGKILL, memory_kills=1),
            [],
            f"the system ended it because memory ran out (it held 11.2 GiB at most); {LESS}",
        ),
        (
            killed_by(signal.SIGTERM),
            [],
            f"ended by signal 15 (SIGTERM): by somebody, or because the machine went down; {GOES_ON}",
        ),
        (killed_by(signal.SIGXCPU), [], f"ended by signal 24 (SIGXCPU); {GOES_ON}"),
        (killed_by(35), [], f"ended by signal 35; {GOES_ON}"),
        (
            killed_by(signal.SIGSEGV),
            ["Fatal Python error: Segmentation fault", 'File "x.py"'],
            "it crashed with signal 11 (SIGSEGV): Fatal Python error: Segmentation fault; "
            f"see the last lines of its log, {GOES_ON}",
        ),
        (
            killed_by(signal.SIGABRT),
            ["terminate called after throwing an instance of 'std::bad_alloc'"],
            f"memory ran out (it held 11.2 GiB at most); {LESS}",
        ),
        (returned(1), ["Traceback", "MemoryError"], f"memory ran out (it held 11.2 GiB at most); {LESS}"),
        (
            returned(1),
            ["error: unexpected ValueError: no such thing; please report it"],
            "it crashed with exit status 1: unexpected ValueError: no such thing; please report it; "
            f"see the last lines of its log, {GOES_ON}",
        ),
        (
            returned(3),
            [],
            f"it crashed with exit status 3: it left no word in its log; see the last lines of its log, {GOES_ON}",
        ),
        (
            returned(1),
            ["error: cannot write run.json: No space left on device; free some space"],
            f"the disk of FOLDER is full; free some space, then {GOES_ON}",
        ),
    ],
)
def test_why_a_process_ended_is_told_in_one_line_that_says_what_to_do(tmp_path, ending, last_words, why):
    assert cause_of_death(ending, last_words, tmp_path) == why.replace("FOLDER", str(tmp_path))


Usage = namedtuple("Usage", "total used free")


def test_a_full_disk_explains_an_end_that_nobody_could_write_down(tmp_path, monkeypatch):
    run = new_run(tmp_path)
    assert without_a_word(run) == f"its process ended without a word (killed, or out of memory); {GOES_ON}"
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(100, 100, 0))
    full = f"the disk of {run.folder} is full; free some space, then {GOES_ON}"
    assert without_a_word(run) == full
    assert cause_of_death(returned(1), ["error: whatever"], run.folder) == full
    assert "SIGKILL" in cause_of_death(killed_by(9), [], run.folder)  # a full disk kills nobody


def test_kills_for_want_of_memory_are_counted_where_the_system_counts_them(tmp_path, monkeypatch):
    assert memory_kills() >= 0
    counted = tmp_path / "vmstat"
    monkeypatch.setattr(endings, "Path", lambda _name: counted)
    assert memory_kills() == 0
    counted.write_text("nr_free_pages 12\noom_kill 3\nswap_ra 0\n")
    assert memory_kills() == 3


def test_space_that_cannot_be_asked_for_is_not_called_full():
    assert not endings.is_full(Path("/nowhere/at/all"))
