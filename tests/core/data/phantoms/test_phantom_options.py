"""Options of a set: what is refused, and that they survive as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.phantoms.options import PhantomOptions
from core.errors import ConfigError

OPTIONS = st.builds(
    PhantomOptions,
    classes=st.sampled_from([2, 4]),
    slices=st.none() | st.integers(1, 5),
    shortcut=st.sampled_from(["", "marker", "scanner"]),
    shortcut_share=st.floats(0.5, 1),
    label_noise=st.floats(0, 0.5, exclude_max=True),
    format=st.sampled_from(["png", "dicom"]),
)


@given(OPTIONS)
def test_options_survive_as_json(options):
    assert PhantomOptions.from_json(json.loads(json.dumps(options.to_json()))) == options


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"classes": 3}, "expected 2 or 4 classes, found 3"),
        ({"slices": 0}, "expected 1 to 5 slices of each patient, found 0"),
        ({"slices": 6}, "found 6"),
        ({"shortcut": "watermark"}, "expected no shortcut, marker or scanner, found 'watermark'"),
        ({"shortcut_share": 0.2}, "expected a shortcut_share of 0.5 to 1, found 0.2"),
        ({"label_noise": 0.5}, "expected a label noise of 0 or more and below 0.5, found 0.5"),
        ({"label_noise": float("nan")}, "found nan"),
        ({"label_noise": "much"}, "found 'much'"),
        ({"format": "jpeg"}, "expected the format png or dicom, found 'jpeg'"),
        ({"colour": "red"}, "expected options among classes, slices, .*, found 'colour'"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(values, says):
    with pytest.raises(ConfigError, match=says) as refusal:
        PhantomOptions.from_json(values)
    assert "\n" not in str(refusal.value)
