"""The form: a dataset, a preset, and what of it to change."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.data.corrected_labels import corrected_words
from core.data.dataset import Dataset
from core.data.joined import joined_classes
from core.data.positive import guess_positive
from core.data.windows import LUNG, WINDOWS
from core.errors import ConfigError
from core.training.config import with_settings
from core.training.presets import PRESETS, Preset
from pages.shared import cached, state
from pages.shared.errors import say_error
from pages.shared.known_folders import allow, folder_of
from pages.shared.split_preview import show_split
from pages.shared.words import literal, sentence
from pages.training.difference import differences, show_differences
from pages.training.fields import back_to_preset, edited, grouped_settings
from pages.training.first_weights import HUB, choose_first_weights, first_weights_as_in_preset

_OFTEN_CHANGED = (
    ("backbone", "image_size", "init", "freeze"),
    ("epochs", "batch_size", "learning_rate", "schedule", "patience"),
    ("rotation_degrees", "zoom", "contrast", "flip"),
)
_OF_THE_DATASET = ("split_by", "window", "positive")  # chosen beside what they do to it


@dataclass(frozen=True)
class Asked:
    """A training as the form has it: what of the preset is changed, and whether it is to start now."""

    folder: Path
    preset: str
    settings: dict[str, Any]
    start: bool


def training_form() -> Asked | None:
    """Draw the form; gives what it asks for, None while that cannot be trained."""
    path = _folder()
    dataset = _checked(path) if path else None
    if path is None or dataset is None:
        return None
    with st.container(border=True):
        st.caption(literal(sentence(dataset.group_meaning)))
        if corrected := corrected_words(dataset.table):
            st.caption(f":material/edit_note: {literal(corrected)}: every run on it says so.")
        split = show_split(dataset, "training")
        window = _window(dataset)
    if split.refusal:
        return None
    preset = _preset()
    often = st.container(border=True)
    values, sound = _all_other_settings(preset.name)
    values |= {"split_by": split.way.text, "window": window}
    with often:
        shown, shown_sound = _often_changed(preset.name)
        values |= shown
        values["positive"] = _positive(dataset, values["join"])
    try:
        config = with_settings(preset.config, values) if sound and shown_sound else None
    except ConfigError as error:
        say_error(error)
        config = None
    changed = [] if config is None else differences(preset.config.to_json(), config.to_json())
    if config is not None:
        _what_differs(preset, config.init, changed)
    start = st.button(
        "Start training",
        type="primary",
        icon=":material/play_arrow:",
        disabled=config is None or not values["init"],
    )
    settings = {name: here for name, _, here in changed}
    return Asked(path, preset.name, settings, start) if config is not None and values["init"] else None


def _folder() -> Path | None:
    folder = st.text_input(
        "Dataset folder",
        value=state.get(state.DATA_FOLDER),
        placeholder="/path/to/scans",
        help="Class folders, or a folder with an index.csv. The Dataset page shows what is in it.",
    )
    if not folder.strip():
        st.info("Choose a folder of scans: type it here, or look through them on the Dataset page first.")
        if st.button("Go to the Dataset page", icon=":material/folder_open:"):
            st.switch_page("dataset/page.py")
        return None
    path = folder_of(folder)
    state.put(state.DATA_FOLDER, str(path))
    return path


def _checked(folder: Path) -> Dataset | None:
    """The dataset as indexed; None until somebody asks for it, as an address can name any folder of this machine."""
    if folder not in cached.opened_datasets() and str(folder) != state.get(state.ALLOWED_FOLDER):
        st.button(
            "Check this folder",
            type="primary",
            icon=":material/search:",
            key="check-folder",
            help="Reads every file in it, once; nothing in it is changed.",
            on_click=allow,
            args=(str(folder),),
        )
        return None
    with st.spinner("Checking every scan"):
        return cached.indexed(folder)


def _window(dataset: Dataset) -> str:
    """What is shown from black to white, for scans in Hounsfield units."""
    if not (dataset.usable["format"] == "DICOM").any():
        return LUNG.name
    return str(
        st.selectbox(
            "Window of the DICOM scans",
            [window.name for window in WINDOWS],
            key=f"window-{dataset.root}",
            accept_new_options=True,
            help="lung is -600/1500 HU, mediastinum 40/400; stored is each file's own. Type CENTRE/WIDTH for another.",
            width=300,
        )
    )


def _preset() -> Preset:
    names = [name for name in PRESETS if name != "demo"]
    preset = PRESETS[st.selectbox("Preset", names, key=state.PRESET, persist_state="session", width=300)]
    st.markdown(literal(preset.says))
    if preset.reported:
        st.caption(f"Its authors reported: {literal(preset.reported)}.")
    return preset


def _often_changed(preset: str) -> tuple[dict[str, Any], bool]:
    values, sound = {}, True
    columns = st.grid(3, min_column_width=170)
    for names in _OFTEN_CHANGED:
        with columns.cell():
            for name in names:
                if name == "init":
                    values[name] = choose_first_weights(PRESETS[preset])
                else:
                    values[name], fits = edited(preset, name)
                    sound = sound and fits
    return values, sound


def _all_other_settings(preset: str) -> tuple[dict[str, Any], bool]:
    values, sound = {}, True
    elsewhere = {*_OF_THE_DATASET, *(name for names in _OFTEN_CHANGED for name in names)}
    with st.expander("All settings", icon=":material/tune:"):
        for heading, names in grouped_settings().items():
            st.markdown(f"**{heading}**")
            grid = st.grid(4, min_column_width=170, vertical_alignment="bottom")
            for name in (name for name in names if name not in elsewhere):
                with grid.cell():
                    values[name], fits = edited(preset, name)
                    sound = sound and fits
        st.caption(
            "The rest of each group stands above. What joins or groups scans is used when the training begins: "
            "the table of the split is without it."
        )
    return values, sound


def _positive(dataset: Dataset, join: str) -> str:
    """The class whose miss hurts, among those that the network will tell apart."""
    try:
        names = joined_classes(join)
    except ConfigError:  # said where it is typed
        names = {}
    classes = sorted({names.get(label, label) for label in dataset.classes})
    chosen = st.session_state.get(state.POSITIVE, {}).get(str(dataset.root)) or guess_positive(tuple(classes))
    return str(
        st.selectbox(
            "Positive class",
            classes,
            index=classes.index(chosen) if chosen in classes else 0,
            help="The class whose miss hurts.",
            key=f"positive-{dataset.root}-{'/'.join(classes)}",
        )
    )


def _what_differs(preset: Preset, init: str, differing: list[tuple[str, Any, Any]]) -> None:
    """The settings that are not the preset's; the positive class is the dataset's affair, not the preset's."""
    changed = [row for row in differing if row[0] != "positive"]
    show_differences(preset.name, changed)
    if changed:
        st.button(
            "Back to the preset",
            icon=":material/undo:",
            key=f"back-to-{preset.name}",
            on_click=_back,
            args=(preset,),
        )
    if preset.config.init == HUB and init != HUB:
        st.warning(
            f"{preset.name} without pretrained weights is another recipe"
            + (": what its authors reported does not speak of it." if preset.reported else "."),
            icon=":material/info:",
        )


def _back(preset: Preset) -> None:
    back_to_preset(preset.name)
    first_weights_as_in_preset(preset)
