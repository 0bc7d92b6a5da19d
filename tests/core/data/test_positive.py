"""The guessed positive class is the one whose miss hurts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.positive import guess_positive


@pytest.mark.parametrize(
    ("classes", "positive"),
    [
        (["COVID", "non-COVID"], "COVID"),
        (["COVID", "NonCOVID"], "COVID"),
        (["covid", "noncovid"], "covid"),
        (["CT_COVID", "CT_NonCOVID"], "CT_COVID"),
        (["COVID", "Normal", "Viral Pneumonia"], "COVID"),
        (["COVID", "Lung_Opacity", "Normal", "Viral Pneumonia"], "COVID"),
        (["NORMAL", "PNEUMONIA"], "PNEUMONIA"),
        (["lesion", "normal"], "lesion"),
        (["abnormal", "normal"], "abnormal"),
        (["Abnormal", "Zebra"], "Abnormal"),
        (["benign", "malignant"], "malignant"),
        (["benign", "malignant", "normal"], "malignant"),
        (["no_tumor", "tumor"], "tumor"),
        (["healthy", "tumour"], "tumour"),
        (["disease free", "diseased"], "diseased"),
        (["negative", "positive"], "positive"),
        (["COVID negative", "COVID positive"], "COVID positive"),
        (["nodule", "no nodule"], "nodule"),
        (["clear", "opacity"], "opacity"),
        (["0", "1"], "1"),
        (["no", "yes"], "yes"),
        (["cat", "dog"], "dog"),
        (["normal", "aorta"], "aorta"),
        (["normal", "healthy"], "normal"),
        (["only"], "only"),
    ],
)
def test_positive_is_the_class_whose_miss_hurts(classes, positive):
    assert guess_positive(classes) == positive
    assert guess_positive(reversed(classes)) == positive


def test_there_is_no_positive_among_no_classes():
    with pytest.raises(ValueError, match="expected at least one class"):
        guess_positive([])


@given(classes=st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_the_positive_is_one_of_the_classes(classes):
    assert guess_positive(classes) in classes
