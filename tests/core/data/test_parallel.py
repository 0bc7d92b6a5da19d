"""The same work on many items: in order, only a little ahead, and over as soon as something goes wrong."""

import threading

import pytest

from core.data.parallel import each_in_threads


@pytest.mark.parametrize("together", [1, 7, 1_000])
@pytest.mark.parametrize("workers", [None, 1, 5])
def test_results_come_in_the_order_of_the_items(workers, together):
    found = each_in_threads(lambda n: n * n, range(500), workers=workers, together=together)
    assert list(found) == [n * n for n in range(500)]


def test_no_items_give_no_results():
    assert list(each_in_threads(str, [])) == []


@pytest.mark.parametrize("together", [1, 3])
def test_progress_is_told_of_each_result(together):
    told = []
    for _ in each_in_threads(str, range(7), together=together, progress=lambda *counts: told.append(counts)):
        pass
    assert told == [(done, 7) for done in range(1, 8)]


def test_work_runs_only_a_little_ahead():
    begun = []
    results = each_in_threads(begun.append, range(10_000), workers=2)
    next(results)
    results.close()
    assert len(begun) <= 100


def test_after_a_failure_items_not_begun_are_left_alone():
    begun, failed = [], threading.Event()

    def work(item):
        begun.append(item)
        if item == 3:
            failed.set()
            raise KeyError("three")
        if item > 3:
            failed.wait(1)

    with pytest.raises(KeyError, match="three"):
        list(each_in_threads(work, range(10_000), workers=2))
    assert len(begun) <= 100


def test_fewer_than_one_worker_or_item_is_refused():
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        list(each_in_threads(str, range(3), workers=0))
    with pytest.raises(ValueError, match="together must be at least 1, got 0"):
        list(each_in_threads(str, range(3), together=0))
