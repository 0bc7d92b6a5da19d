"""Tables of scans to split."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st


def scans(labels, groups=None, split=""):
    count = len(labels)
    groups = [f"scan:{row}" for row in range(count)] if groups is None else groups
    paths = [f"{row:05}.png" for row in range(count)]
    return pd.DataFrame({"path": paths, "label": labels, "group": groups, "split": split, "problem": ""})


@st.composite
def grouped_scans(draw):
    """Two or three classes, each of 5 to 25 patients with 1 to 6 slices; some patients with two labels."""
    labels, groups = [], []
    for label in "abc"[: draw(st.integers(2, 3))]:
        for patient, slices in enumerate(draw(st.lists(st.integers(1, 6), min_size=5, max_size=25))):
            labels += [label] * slices
            shared = draw(st.integers(0, 9)) == 0
            groups += [f"patient:{patient if shared else label + str(patient)}"] * slices
    return scans(labels, groups)


def given_split(*parts, patients=20):
    """40 scans of two classes, two a patient, cut in equal runs into the parts."""
    split = np.repeat(parts, 40 // len(parts))
    labels = ["a", "b"] * 20
    return scans(labels, [f"patient:{row // 2 % patients}" for row in range(40)], list(split))
