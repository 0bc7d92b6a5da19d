"""What went wrong, in one line: every error that a page shows passes through here.

People see what they can act on. What nobody foresaw goes to the server's log whole, and to the page as one line.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from core.errors import ExplorerError, failure_line
from pages.shared.words import literal

UNEXPECTED = "Something went wrong; details are in the server's log."
_ICON = ":material/error:"
LOG_NAME = "ct_explorer.pages"
_log = logging.getLogger(LOG_NAME)


def say_error(error: ExplorerError | str, *, place: Any = st, before: str = "") -> None:
    """Show a failure as the line it is: nothing in it acts as Markdown.

    Args:
        error: what went wrong, or the words for it.
        place: where to show it: a column, a cell, an `st.empty`.
        before: words that come first, Markdown of our own.
    """
    place.error(before + literal(_line(error)), icon=_ICON)


def say_problem(words: str) -> None:
    """Show a line of warning from outside, such as a run that cannot be read."""
    st.warning(literal(_line(words)), icon=":material/warning:")


@contextmanager
def errors_in_a_line() -> Iterator[None]:
    """Whatever goes wrong inside is shown in one line, and what comes after goes on; also a decorator.

    For the bodies of fragments and for what stands around a page. `st.rerun` and `st.stop` pass through.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ExplorerError):
            say_error(error)
        else:
            _log.exception("a page failed")
            say_error(UNEXPECTED)


def on_script_error(error: Exception) -> bool:
    """For `st.App`: what nothing else has caught, in callbacks for instance. Streamlit has logged it already."""
    say_error(error if isinstance(error, ExplorerError) else UNEXPECTED)
    return True


def _line(error: ExplorerError | str) -> str:
    return failure_line(error) if isinstance(error, ExplorerError) else " ".join(error.split())
