"""Heavy libraries are imported after the first page is painted, in a thread, once a server."""

import gc
import threading
import time

import streamlit as st


@st.cache_resource(show_spinner=False)
def start() -> threading.Thread:
    """Begin importing; what needs the libraries earlier imports them itself and waits as long as it must."""
    thread = threading.Thread(target=_import_all, name="warm-up", daemon=True)
    thread.start()
    return thread


def _import_all() -> None:
    time.sleep(0.3)  # the page's last messages go out first: imports would fight them for the interpreter
    import plotly.graph_objects
    import pytorch_grad_cam
    import timm
    import torch

    torch.set_num_threads(1)  # a training in the background uses the cores; more threads here only wait for each other
    import core.explanation.maps
    import core.results  # noqa: F401

    del plotly, pytorch_grad_cam, timm, torch
    gc.collect()
    gc.freeze()  # Streamlit collects after every run of a page; what was just imported need not be walked each time
