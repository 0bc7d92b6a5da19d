"""The bounded cache and what fills it ahead."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DatasetError
from pages.shared.ahead import MOST_WISHERS, Ahead
from pages.shared.bounded import BoundedCache

WISH = Ahead.wish  # the page tests' fixtures leave it out


class Gate:
    """A task that stands still until it is let go."""

    def __init__(self):
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self):
        self.entered.set()
        self.open.wait(10)


def test_who_waited_for_a_page_that_was_stopped_makes_the_value_itself():
    cache, gate, found = BoundedCache(len, 4, 100), Gate(), []

    def stopped():
        gate()
        raise KeyboardInterrupt

    def first():
        with pytest.raises(KeyboardInterrupt):
            cache.get("key", stopped)

    maker = threading.Thread(target=first)
    maker.start()
    assert gate.entered.wait(10)
    waiter = threading.Thread(target=lambda: found.append(cache.get("key", lambda: b"made")))
    waiter.start()
    gate.open.set()
    maker.join(10)
    waiter.join(10)
    assert found == [b"made"]


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 6), st.integers(1, 60))
def test_the_cache_never_holds_more_than_it_was_given(keys, entries, size):
    cache = BoundedCache(len, entries, size)
    for key in keys:
        assert cache.get(key, lambda key=key: bytes(3 * key)) == bytes(3 * key)
        assert len(cache) <= entries
        assert cache.bytes <= size
    assert cache.bytes == sum(3 * key for key in range(10) if cache.has(key))


def test_what_was_used_last_stays():
    cache = BoundedCache(len, 2, 100)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda: b"x")
    assert (cache.has("a"), cache.has("b"), cache.has("c")) == (True, False, True)


def test_many_threads_that_want_one_value_make_it_once():
    cache, made = BoundedCache(len, 4, 100), []

    def slowly():
        made.append(1)
        time.sleep(0.05)
        return b"value"

    found = []
    threads = [threading.Thread(target=lambda: found.append(cache.get("key", slowly))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"value"] * 8
    assert len(made) == 1


def test_a_failure_is_not_kept():
    cache = BoundedCache(len, 4, 100)

    def fails():
        raise DatasetError("gone")

    with pytest.raises(DatasetError):
        cache.get("key", fails)
    assert cache.get("key", lambda: b"back") == b"back"


def test_the_newest_wish_is_done_first_and_replaces_the_same_readers_older_one():
    ahead, done, gate = Ahead(), [], Gate()
    WISH(ahead, "first", [gate, lambda: done.append("old")])
    assert gate.entered.wait(10)
    WISH(ahead, "second", [lambda: done.append("second")])
    WISH(ahead, "first", [lambda: done.append("new")])
    gate.open.set()
    assert ahead.waits_until_done(10)
    assert done == ["new", "second"]


def test_a_task_that_fails_does_not_end_the_others(caplog):
    ahead, done = Ahead(), []

    def breaks():
        raise ZeroDivisionError

    def refuses():
        raise DatasetError("gone")

    WISH(ahead, "one", [refuses, breaks, lambda: done.append(1)])
    assert ahead.waits_until_done(10)
    assert done == [1]
    assert "computed ahead failed" in caplog.text


def test_no_more_wishes_are_kept_than_there_is_room_for_and_the_thread_ends():
    ahead, done, gate = Ahead(), [], Gate()
    WISH(ahead, "gate", [gate])
    assert gate.entered.wait(10)
    for number in range(3 * MOST_WISHERS):
        WISH(ahead, str(number), [lambda number=number: done.append(number)])
    gate.open.set()
    assert ahead.waits_until_done(10)
    assert done == list(range(3 * MOST_WISHERS))[::-1][:MOST_WISHERS]
    assert ahead._thread is None
