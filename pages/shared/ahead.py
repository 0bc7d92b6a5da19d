"""Work for what is likely to be asked for next, done while people look: one thread a server, the newest wish first."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress

import streamlit as st

from core.errors import ExplorerError

MOST_WISHERS = 64
_PAUSE_S = 0.05  # the page's last messages go out first
_log = logging.getLogger(__name__)

Task = Callable[[], object]


class Ahead:
    """Tasks by who wishes for them; a new wish of the same one replaces what is left of the old.

    The thread takes one task at a time, and ends when there are none.
    """

    def __init__(self) -> None:
        self._wishes: OrderedDict[str, list[Task]] = OrderedDict()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def wish(self, wisher: str, tasks: Sequence[Task]) -> None:
        """Have these done in their order, before what others wished for earlier.

        Args:
            wisher: who asks, such as a browser session: what it asked for before is not done any more.
            tasks: each leaves its result in a cache; one that fails, fails again when somebody waits for it.
        """
        with self._changed:
            self._wishes.pop(wisher, None)
            self._wishes[wisher] = list(tasks)
            while len(self._wishes) > MOST_WISHERS:
                self._wishes.popitem(last=False)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)
                self._thread.start()

    def waits_until_done(self, timeout_s: float) -> bool:
        """Wait until nothing is left to do; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, timeout_s)

    def _work(self) -> None:
        time.sleep(_PAUSE_S)
        while (task := self._next_task()) is not None:
            try:
                with suppress(ExplorerError):
                    task()
            except BaseException:  # one scan must not end it for all others, nor a page that was stopped meanwhile
                _log.warning("what was computed ahead failed", exc_info=True)

    def _next_task(self) -> Task | None:
        """The next one of the newest wish; None, and the thread's end, where nothing is left."""
        with self._changed:
            while self._wishes:
                wisher, tasks = next(reversed(self._wishes.items()))
                if tasks:
                    return tasks.pop(0)
                del self._wishes[wisher]
            self._thread = None
            self._changed.notify_all()
            return None


@st.cache_resource(show_spinner=False)
def of_this_server() -> Ahead:
    """The one that all sessions share."""
    return Ahead()
