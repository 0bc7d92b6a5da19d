"""Scans from a browser become a dataset here: a zip, a folder, or files class by class; or a public set is fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.errors import ExplorerError
from pages.dataset.chooser import open_next
from pages.dataset.public_sets import show_public_sets
from pages.shared import cached, state
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.moving_bar import moving_bar
from pages.shared.tables import table_with_download
from pages.shared.words import literal

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.data.arrivals.receive import Arrived, Batch

MAX_UPLOAD_MB = 500  # as `server.maxUploadSize`: the server holds an upload in memory
_KINDS = {"zip": "A zip", "folder": "A folder", "files": "Files, class by class", "public": "A public set"}


@dataclass(frozen=True)
class _Chosen:
    """What lies in the uploaders: (class or empty, files) each, and a name for a dataset of it."""

    files: Sequence[tuple[str, "Sequence[UploadedFile]"]]
    suggested: str
    is_zip: bool = False


def show_ways_in(*, expanded: bool) -> None:
    """The section that makes a dataset of uploads, folded in while another is open."""
    with st.expander("Upload scans, or fetch a public set", icon=":material/upload:", expanded=expanded):
        _ways_in()


def show_arrival(folder: Path) -> None:
    """What became of the upload, while its dataset is the one that is open."""
    arrived: Arrived | None = st.session_state.get(state.ARRIVED)
    if arrived is None or arrived.folder.resolve() != folder:
        return
    st.success(
        f"{_count(arrived.files, 'file')} written to {literal(str(folder))} on the machine this app runs on.",
        icon=":material/check_circle:",
    )
    if arrived.kept_out:
        with st.expander(f"{_count(len(arrived.kept_out), 'file')} kept out", icon=":material/block:"):
            rows = pd.DataFrame([(one.path, one.reason) for one in arrived.kept_out], columns=["file", "why"])
            table_with_download(rows, f"{folder.name}-kept-out", alt="Files that were kept out, and why")


@st.fragment
@errors_in_a_line()
def _ways_in() -> None:
    kind = st.segmented_control(
        "What do you have?", list(_KINDS), key=state.ARRIVAL_KIND, default="zip", format_func=_KINDS.__getitem__
    )
    if kind == "public":
        show_public_sets()
        return
    turn = int(st.session_state.get(state.ARRIVALS_TURN, 0))
    if kind == "files":
        chosen = _choose_files(turn)
    elif kind == "folder":
        chosen = _choose_folder(turn)
    else:
        chosen = _choose_zip(turn)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            "Name of the dataset",
            key=f"{state.ARRIVAL_NAME}{turn}",
            placeholder=chosen.suggested or "my scans",
            max_chars=60,
        )
        pressed = st.button(
            "Make the dataset",
            type="primary",
            icon=":material/create_new_folder:",
            key="make-dataset",
            disabled=not any(files for _, files in chosen.files),
        )
    place = st.empty()
    if pressed:
        _make(chosen, typed.strip() or chosen.suggested, turn, place)
    st.caption(
        f"Kept in {literal(str(cached.data_folder().resolve()))} on the machine this app runs on, and sent nowhere "
        "else. DICOM files are kept as they are, names in their headers included; the index takes none of them over. "
        f"At most {MAX_UPLOAD_MB} MB a file, as the server holds an upload in memory: put a larger set on that "
        "machine, and open its folder above."
    )


def _choose_zip(turn: int) -> _Chosen:
    file = st.file_uploader(
        "Zip of class folders, or with an index.csv",
        type="zip",
        max_upload_size=MAX_UPLOAD_MB,
        key=f"{state.ARRIVAL_FILES}zip-{turn}",
        help="One folder around everything is taken off. A zip inside it is not unpacked.",
    )
    return _Chosen([("", [file] if file else [])], PurePosixPath(file.name).stem if file else "", is_zip=True)


def _choose_folder(turn: int) -> _Chosen:
    files = st.file_uploader(
        "Folder with a folder a class, or with an index.csv",
        accept_multiple_files="directory",
        max_upload_size=MAX_UPLOAD_MB,
        key=f"{state.ARRIVAL_FILES}folder-{turn}",
    )
    return _Chosen([("", files)], files[0].name.split("/")[0] if files else "")


def _choose_files(turn: int) -> _Chosen:
    count_key = f"{state.ARRIVAL_CLASSES}{turn}"
    chosen = []
    grid = st.grid(2, min_column_width=340, gap="medium")
    for number in range(st.session_state.setdefault(count_key, 2)):
        with grid.cell():
            label = st.text_input(
                f"Class {number + 1}",
                key=f"{state.ARRIVAL_CLASS}{turn}-{number}",
                placeholder=("COVID", "normal")[number] if number < 2 else "another class",
                max_chars=60,
            )
            files = st.file_uploader(
                f"Scans of {literal(label.strip()) or f'class {number + 1}'}",
                accept_multiple_files=True,
                max_upload_size=MAX_UPLOAD_MB,
                key=f"{state.ARRIVAL_FILES}files-{turn}-{number}",
            )
        chosen.append((label.strip(), files))
    st.button("One more class", icon=":material/add:", key="more-classes", on_click=_one_more, args=(count_key,))
    return _Chosen(chosen, "")


def _one_more(count_key: str) -> None:
    st.session_state[count_key] += 1


def _make(chosen: _Chosen, name: str, turn: int, place: st.delta_generator.DeltaGenerator) -> None:
    from core.data.arrivals.receive import receive

    unnamed = next((number for number, (label, files) in enumerate(chosen.files, 1) if files and not label), None)
    if len(chosen.files) > 1 and unnamed:
        say_error(f"expected a name for class {unnamed}, found none; type one", place=place)
        return
    place.progress(0.0, text="Looking at the names")
    try:
        arrived = receive(_batches(chosen), into=cached.data_folder(), name=name, progress=moving_bar(place, _written))
    except ExplorerError as error:
        say_error(error, place=place)
        return
    st.session_state[state.ARRIVED] = arrived
    st.session_state[state.ARRIVALS_TURN] = turn + 1  # empties the uploaders, and the server's memory with them
    open_next(arrived.folder)


def _batches(chosen: _Chosen) -> "list[Batch]":
    from core.data.arrivals.archive import archive_entries
    from core.data.arrivals.entries import file_entry
    from core.data.arrivals.receive import Batch

    if chosen.is_zip:
        return [Batch(archive_entries(file)) for _, files in chosen.files for file in files]
    return [Batch([file_entry(file.name, file) for file in files], label) for label, files in chosen.files if files]


def _written(done: int, total: int) -> str:
    from core.data.arrivals.limits import size_words

    return f"Writing: {size_words(done)} of {size_words(total)}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
