"""The files that people hand in, and what is wrong with them; they stay in memory and are never stored."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from numpy.typing import NDArray

from core.errors import ExplorerError, failure_line
from core.runs import Run
from pages.shared import cached_scans, state

MAX_UPLOAD_MB = 20
_ENDINGS = ("png", "jpg", "jpeg")


@dataclass(frozen=True)
class Upload:
    """One file as handed in: its name is only shown, never used as a path."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Of the content, as in a run's index."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, eq=False)
class Answer:
    """What the network says about one upload.

    Attributes:
        upload: the file.
        probabilities: shape (classes,); None where the file cannot be read.
        problem: why it cannot be read, one line; else empty.
    """

    upload: Upload
    probabilities: NDArray | None
    problem: str


def upload_scans() -> list[Upload]:
    """The files in the uploader, in the order they were handed in."""
    files = st.file_uploader(
        "Scans",
        type=_ENDINGS,
        accept_multiple_files=True,
        max_upload_size=MAX_UPLOAD_MB,
        key=state.UPLOADS,
        help=f"PNG or JPEG, at most {MAX_UPLOAD_MB} MB each.",
    )
    return [Upload(file.name, file.getvalue()) for file in files or []]


def answered(run: Run, uploads: Sequence[Upload]) -> list[Answer]:
    """Ask the network about every upload, the same bytes once; a file that cannot be read holds up no other."""
    answers = []
    bar = st.empty()
    for number, upload in enumerate(uploads):
        if len(uploads) > 1:
            bar.progress(number / len(uploads), text=f"Scan {number + 1} of {len(uploads)}")
        try:
            probabilities = cached_scans.upload_probabilities(run, upload.content, upload.name)
            answers.append(Answer(upload, probabilities, ""))
        except ExplorerError as error:
            answers.append(Answer(upload, None, failure_line(error)))
    bar.empty()
    return answers
