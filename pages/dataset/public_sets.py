"""Public sets, fetched in the background: what each is, how far it has come, and the way to it."""

import streamlit as st

from core.data.arrivals.limits import size_words
from core.data.fetch_job import FetchJob
from core.data.public_sets import PUBLIC_SETS, PublicSet
from pages.dataset.chooser import open_next
from pages.shared import cached
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.progress import duration
from pages.shared.words import literal


def show_public_sets() -> None:
    """Each known set with its terms and a button."""
    for known in PUBLIC_SETS:
        st.markdown(f"**{literal(known.title)}** [at Kaggle]({known.address})  \n{literal(known.what)}.")
        st.caption(f"Licence {literal(known.licence)}. Cite {literal(known.citation)}")
        job = _jobs().get(known.name)
        st.fragment(_show_set, run_every=0.5 if job and job.is_working else None)(known)


@errors_in_a_line()
def _show_set(known: PublicSet) -> None:
    job = _jobs().get(known.name)
    folder = cached.data_folder() / known.name
    if job and job.is_working:
        _show_job(job, known)
        return
    if job and not job.error and job.fetched is not None:
        _jobs().pop(known.name, None)
        open_next(folder)  # it has just come
    if folder.is_dir():
        st.caption(f"It is there: {literal(str(folder.resolve()))}")
        if st.button("Open it", icon=":material/folder_open:", key=f"open-{known.name}"):
            open_next(folder)
        return
    if job and job.error:
        say_error(job.error)
    words = f"Fetch it, about {size_words(known.packed_bytes)}"
    if st.button(words, icon=":material/download:", key=f"fetch-{known.name}"):
        begun = _jobs().get(known.name)  # perhaps by somebody else, since this was drawn
        if begun is None or not begun.is_working:
            _jobs()[known.name] = FetchJob(known.name, cached.data_folder())
        st.rerun()
    st.caption("Asks Kaggle for it over the network, with the account set up on this machine where there is one.")


def _show_job(job: FetchJob, known: PublicSet) -> None:
    words = "Asking Kaggle"
    if job.done_bytes:
        words = f"Fetching: {size_words(job.done_bytes)} of about {size_words(job.total_bytes)}"
    if job.seconds_left is not None:
        words += f", {duration(job.seconds_left)} left"
    st.progress(job.done_bytes / job.total_bytes if job.total_bytes else 0.0, text=words)
    if st.button("Stop", icon=":material/stop:", key=f"stop-{known.name}"):
        job.stop()
    st.caption("It goes on when you close this page.")


@st.cache_resource(show_spinner=False)
def _jobs() -> dict[str, FetchJob]:
    """By the set's name: one for all who look."""
    return {}
