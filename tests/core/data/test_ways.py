"""How people say a way to group or to split: read back as written, refused in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.group_ways import BLOCK_SIZE, GroupWay, group_way
from core.data.split_ways import SplitWay, split_way
from core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("", GroupWay()),
        (" patient ", GroupWay("patient")),
        ("scan", GroupWay("scan")),
        ("near-duplicates", GroupWay("near-duplicates")),
        ("blocks", GroupWay("blocks", block_size=BLOCK_SIZE)),
        ("blocks:40", GroupWay("blocks", block_size=40)),
        (r"pattern:P(\d+):x", GroupWay("pattern", pattern=r"P(\d+):x")),
    ],
)
def test_ways_to_group(text, way):
    assert group_way(text) == way
    assert group_way(way.text) == way


@pytest.mark.parametrize(
    "text", ["patients", "blocks:", "blocks:1", "blocks:-5", "blocks:²", "blocks:99999", "scan:", "pattern:", "pattern"]
)
def test_no_way_to_group(text):
    with pytest.raises(ConfigError, match=r"expected group_by to be patient, pattern:REGEX.* found"):
        group_way(text)


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("", SplitWay()),
        ("given", SplitWay("given")),
        ("slice", SplitWay("slice")),
        ("column:site=Rom = Sud", SplitWay("column", column="site", value="Rom = Sud")),
        ("fold:2/5", SplitWay("fold", fold=2, folds=5)),
    ],
)
def test_ways_to_split(text, way):
    assert split_way(text) == way
    assert split_way(way.text) == way


@pytest.mark.parametrize(
    "text",
    [
        "slices",
        "fold",
        "fold:0/5",
        "fold:6/5",
        "fold:1/1",
        "fold:1/21",
        "fold:²/5",
        "column:site",
        "column:=x",
        "given:",
    ],
)
def test_no_way_to_split(text):
    with pytest.raises(ConfigError, match=r"expected split_by to be given, group, slice.* found"):
        split_way(text)


@given(text=st.text(max_size=20) | st.from_regex(r"(blocks|fold|column|pattern):[0-9/=a(]*"))
def test_any_text_is_a_way_or_refused_in_one_line(text):
    for read in (group_way, split_way):
        assert "\n" not in refusal(read, text)


def refusal(read, text):
    """The words with which a text is refused; empty where it is a way, and read back as the same."""
    try:
        way = read(text)
    except ConfigError as error:
        return str(error)
    assert read(way.text) == way
    return ""
