"""Which folder? Typed, or chosen among those known here."""

from pathlib import Path

import streamlit as st

from pages.shared import state
from pages.shared.known_folders import allow, folder_of, is_there, known_datasets, may_be_opened
from pages.shared.words import literal

_SHAPES = """
A dataset is a folder in one of these shapes; which one is found out by looking:

```text
scans/                        scans/
├── COVID/                    ├── index.csv
│   ├── a.png                 └── images/
│   └── b.jpg                     ├── a.png
└── normal/                       └── b.jpg
    └── c.png
```

- **Class folders**: each subfolder is a class, the images in and below it are its scans.
- **`index.csv`** with the columns `path,label`, where known `patient_id` (keeps a patient on one side of the split)
  and `split` (`train`, `val`, `test`); further columns are kept.

PNG, JPEG, TIFF, BMP, WebP, DICOM and others are read by what they hold, whatever their name. Nothing leaves this
machine, and no scan is changed; what you decide about the folder is kept in it, in `.ct-explorer`.
"""


def choose_folder() -> Path | None:
    """The folder to look at, the one opened last unless another is asked for; None while there is none.

    One that only the address asks for stands in the field, and is left alone until somebody presses "Open".
    """
    _open_what_was_made()
    wanted = state.get(state.DATA_FOLDER)
    allowed = bool(wanted) and may_be_opened(wanted)
    known = [str(folder) for folder in known_datasets()]
    if allowed and wanted not in known and is_there(Path(wanted)):
        known.insert(0, wanted)
    st.session_state[state.DATASET_KNOWN] = wanted if wanted in known else None
    st.session_state.setdefault(state.DATASET_TYPED, wanted)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Folder of scans",
            key=state.DATASET_TYPED,
            placeholder="/path/to/scans",
            on_change=_open_typed,
            help="Class folders, or a folder with an index.csv. It must lie on the machine this app runs on.",
        )
        st.button("Open", type="primary", icon=":material/folder_open:", key="open", on_click=_open_typed)
        if known:
            st.selectbox(
                "Known datasets",
                known,
                key=state.DATASET_KNOWN,
                format_func=_name,
                placeholder="Choose one",
                on_change=_open_known,
                width=340,
            )
    if wanted and not allowed:
        st.info(
            f"The address asks for {literal(wanted)}, which has not been opened here before. "
            'Press "Open" to have its files looked at.',
            icon=":material/folder_open:",
        )
    return Path(wanted) if allowed else None


def show_empty_state() -> None:
    """What a dataset may look like, and where to go without one."""
    with st.container():
        st.markdown(_SHAPES)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Try it on synthetic scans", icon=":material/play_arrow:", key="to-start"):
            st.switch_page("home/page.py")
        st.caption("No scans at hand? The start page makes synthetic ones.")


def open_next(folder: Path) -> None:
    """Let the page show a folder that it has just made; ends this run of it."""
    state.put(state.DATASET_TO_OPEN, str(folder.resolve()))
    st.rerun()


def _open_what_was_made() -> None:
    made = str(st.session_state.pop(state.DATASET_TO_OPEN, ""))
    if made:
        allow(made)
        st.session_state[state.DATASET_TYPED] = made


def _open_typed() -> None:
    typed = str(st.session_state[state.DATASET_TYPED]).strip()
    allow(str(folder_of(typed)) if typed else "")


def _open_known() -> None:
    chosen = st.session_state[state.DATASET_KNOWN]
    if chosen:
        allow(chosen)
        st.session_state[state.DATASET_TYPED] = chosen


def _name(folder: str) -> str:
    return f"{Path(folder).name} in {Path(folder).parent}"
