"""A long analysis of a run on a page: a button to begin it, how far it is, a way to stop it, how it ended."""

import hashlib
from collections.abc import Mapping

import streamlit as st

from core.analyses import job
from core.analyses.job import Analysis
from core.analyses.kinds import KINDS
from core.runs import Run
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.progress import duration
from pages.shared.words import literal, sentence

_LOOK_EVERY_SECONDS = 1.0


def show_analysis(
    run: Run, kind: str, options: Mapping[str, str] | None = None, *, start_words: str, help_words: str = ""
) -> Analysis:
    """The state of an analysis, with what can be done about it; draws nothing where it is finished.

    While it runs, a fragment of its own looks after it, and the page is run again once it has ended.

    Args:
        run: which run.
        kind: a key of `core.analyses.kinds.KINDS`.
        options: of the analysis.
        start_words: on the button that begins it.
        help_words: beside that button, what it does and about how long it takes.
    """
    found = job.state_of(run, kind, options)
    key = _key(run, kind, options)
    if found.status == "running":
        _show_running(run, kind, options, key)
    elif found.status != "finished":
        _offer(run, found, key, start_words, help_words)
    return found


def _offer(run: Run, found: Analysis, key: str, start_words: str, help_words: str) -> None:
    if found.status == "died":
        say_error(found.says, before="It ended early. ")
    elif found.status == "failed":
        say_error(found.says, before="It failed. ")
    elif found.says:
        st.caption(literal(sentence(found.says)))
    button = st.button(start_words, icon=":material/play_arrow:", key=f"start-{key}", help=help_words or None)
    if button:
        with errors_in_a_line():
            job.start(run, found.kind, found.options)
            st.rerun()


def _show_running(run: Run, kind: str, options: Mapping[str, str] | None, key: str) -> None:
    @st.fragment(run_every=_LOOK_EVERY_SECONDS)
    @errors_in_a_line()
    def block() -> None:
        now = job.state_of(run, kind, options)
        if now.status != "running":
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(now.share, text=running_words(now), width="stretch")
            if st.button("Stop", icon=":material/stop:", key=f"stop-{key}", help="Nothing of it is kept then."):
                job.stop(run, kind, options)
                st.toast("Asked to stop.")
        st.caption("Works in the background at low priority; goes on when this page is closed.")

    block()


def running_words(analysis: Analysis) -> str:
    """What it is at, how far it is and how long it will take, as Markdown."""
    title = KINDS[analysis.kind].title
    words = f"Working out {title}"
    if not analysis.of:
        return f"{words}: starting"
    left = f", {duration(analysis.seconds_left)} left" if analysis.seconds_left is not None else ""
    return f"{words}: {analysis.done:,} of {analysis.of:,}{left}"


def _key(run: Run, kind: str, options: Mapping[str, str] | None) -> str:
    text = repr(sorted((options or {}).items()))
    return f"analysis-{kind}-{run.id}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
