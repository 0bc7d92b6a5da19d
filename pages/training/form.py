"""The form: a dataset, a preset, and what of it to change."""

from pathlib import Path
from typing import Any

import streamlit as st

from core.data.dataset import Dataset
from core.data.positive import guess_positive
from core.data.windows import LUNG, WINDOWS
from core.runs import Run
from core.training.config import FREEZE_CHOICES, SCHEDULES, TrainingConfig
from core.training.presets import PRESETS
from pages.shared import cached, state
from pages.shared.known_folders import allow, folder_of
from pages.shared.split_preview import show_split
from pages.shared.words import literal, sentence

BACKBONES = (
    *("resnet18", "resnet10t", "resnet26d", "resnet34", "resnet50", "resnet101"),
    *("mobilenetv3_small_100", "mobilenetv3_large_100", "efficientnet_b0", "densenet121", "convnext_atto"),
)
_FREEZE_WORDS = {
    "none": "nothing",
    "early": "all but the last two stages",
    "backbone": "all but the last layer",
}
_HUB, _SCRATCH, _FILE, _RUN = "hub", "scratch", "a local file", "another run"


def training_form() -> tuple[Path, str, dict[str, Any]] | None:
    """Draw the form; gives dataset folder, preset and changed settings once "Start training" is pressed."""
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
    dataset = _checked(path)
    if dataset is None:
        return None
    with st.container(border=True):
        st.caption(literal(sentence(dataset.group_meaning)))
        split = show_split(dataset, "training")
        window = _window(dataset)
    if split.refusal:
        return None
    names = [name for name in PRESETS if name != "demo"]
    preset = st.selectbox("Preset", names, format_func=lambda name: f"{name}: {PRESETS[name].says}")
    base = PRESETS[preset].config
    settings: dict[str, Any] = {"split_by": split.way.text, "window": window}
    with st.container(border=True):
        left, middle, right = st.columns(3)
        with left:
            settings |= _network(base, preset)
        with middle:
            settings |= _learning(base, preset, scans=len(dataset.usable))
        with right:
            settings |= _augmentation(base, preset)
            chosen = st.session_state.get(state.POSITIVE, {}).get(str(path)) or guess_positive(dataset.classes)
            settings["positive"] = st.selectbox(
                "Positive class",
                dataset.classes,
                index=dataset.classes.index(chosen) if chosen in dataset.classes else 0,
                help="The class whose miss hurts.",
                key=f"positive-{folder}",
            )
    changed = {name: value for name, value in settings.items() if value != getattr(base, name)}
    told = {name: value for name, value in changed.items() if name != "positive"}
    st.caption(
        "Changed from the preset: " + literal(", ".join(f"{name} = {value}" for name, value in told.items()))
        if told
        else "Exactly the preset."
    )
    if st.button("Start training", type="primary", icon=":material/play_arrow:", disabled=settings["init"] == ""):
        return path, preset, changed
    return None


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


def _network(base: TrainingConfig, preset: str) -> dict[str, Any]:
    backbone = st.selectbox(
        "Backbone",
        dict.fromkeys((base.backbone, *BACKBONES)),
        key=f"{preset}-backbone",
        accept_new_options=True,
        help="ResNets first; type the name of any other timm image classifier.",
    )
    sizes = sorted({64, 80, 96, 112, 128, 160, 192, 224, 256, 320, base.image_size})
    image_size = st.select_slider("Image size, pixels", sizes, base.image_size, key=f"{preset}-size")
    init = _first_weights(base, preset)
    freeze = st.selectbox(
        "Freeze",
        FREEZE_CHOICES,
        index=FREEZE_CHOICES.index(base.freeze),
        format_func=lambda name: _FREEZE_WORDS[name],
        key=f"{preset}-freeze",
        help="What keeps its first weights. Makes sense with pretrained weights only.",
    )
    return {"backbone": backbone or base.backbone, "image_size": image_size, "init": init, "freeze": freeze}


def _first_weights(base: TrainingConfig, preset: str) -> str:
    reachable = cached.hub_is_reachable()
    ways = [_HUB, _SCRATCH, _FILE, _RUN]
    words = {_HUB: "pretrained, from the model hub", _SCRATCH: "from scratch"}
    way = st.selectbox(
        "First weights",
        ways,
        index=0 if reachable else 1,
        format_func=lambda name: words.get(name, name),
        key=f"{preset}-init",
        help="To see whether the hub can be reached, this page opens a connection to it and closes it again: nothing "
        "is sent. Weights are fetched from there once a training with them starts.",
    )
    if way == _HUB and not reachable:
        st.caption("The model hub cannot be reached from here: only weights it gave before will load.")
    elif not reachable and base.init == _HUB:
        st.caption("The model hub cannot be reached from here, so this starts from scratch; a file or a run works too.")
    if way == _FILE:
        return st.text_input("Weights file", placeholder="/path/to/weights.safetensors", key=f"{preset}-file").strip()
    if way == _RUN:
        runs: list[Run] = cached.finished_runs()
        if not runs:
            st.caption("There is no finished run yet.")
            return ""
        return str(st.selectbox("Weights of run", [run.id for run in runs], key=f"{preset}-from-run"))
    return way


def _learning(base: TrainingConfig, preset: str, *, scans: int) -> dict[str, Any]:
    epochs = st.number_input("Epochs at most", 1, 1000, base.epochs, key=f"{preset}-epochs")
    batch_size = st.number_input(
        "Batch size",
        2,
        4096,
        base.batch_size,
        key=f"{preset}-batch",
        help=f"There are {scans} usable scans in all.",
    )
    learning_rate = st.number_input(
        "Learning rate", 0.0, 10.0, base.learning_rate, step=1e-4, format="%.5f", key=f"{preset}-lr"
    )
    schedule = st.selectbox("Schedule", SCHEDULES, index=SCHEDULES.index(base.schedule), key=f"{preset}-schedule")
    patience = st.number_input(
        "Early stopping after",
        1,
        1000,
        base.patience,
        key=f"{preset}-patience",
        help="Epochs without a lower validation loss. The best epoch's weights are kept.",
    )
    return {
        "epochs": int(epochs),
        "batch_size": int(batch_size),
        "learning_rate": float(learning_rate),
        "schedule": schedule,
        "patience": int(patience),
    }


def _augmentation(base: TrainingConfig, preset: str) -> dict[str, Any]:
    rotation = st.slider("Rotation, ± degrees", 0.0, 45.0, base.rotation_degrees, 1.0, key=f"{preset}-rotation")
    zoom = st.slider("Zoom, ± share", 0.0, 0.5, base.zoom, 0.05, key=f"{preset}-zoom")
    contrast = st.slider("Contrast and brightness, ± share", 0.0, 0.5, base.contrast, 0.05, key=f"{preset}-contrast")
    flip = st.toggle("Left-right flip", base.flip, key=f"{preset}-flip")
    return {"rotation_degrees": rotation, "zoom": zoom, "contrast": contrast, "flip": flip}
