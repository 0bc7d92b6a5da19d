"""Patterns and numbers in names: what they yield, and that no pattern hangs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.group_ways import MAX_PATTERN_LENGTH, compiled_pattern
from core.data.names import block_of, pattern_groups, pattern_preview
from core.errors import ConfigError

PATHS = ["COVID/P1_0.png", "COVID/P1_1.png", "normal/P22_0.png", "normal/last.png"]


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        (r"P(\d+)_", ["1", "1", "22", ""]),
        (r"P\d+", ["P1", "P1", "P22", ""]),
        (r"P(?:\d+)_(\d)", ["0", "1", "0", ""]),
        (r"(x)|(P\d)", ["P1", "P1", "P2", ""]),
        (r"^\w+", ["COVID", "COVID", "normal", "normal"]),
        (r"z*", ["", "", "", ""]),
        (r"()P", ["P", "P", "P", ""]),
    ],
)
def test_the_first_bracket_that_matched_names_the_group_else_the_whole_match(pattern, groups):
    assert pattern_groups(PATHS, pattern) == groups


def test_a_preview_counts_and_shows():
    preview = pattern_preview(PATHS, r"P(\d+)_", examples=1)
    assert (preview.groups, preview.unmatched) == (2, 1)
    assert preview.examples == (("1", ("COVID/P1_0.png", "COVID/P1_1.png")),)


@given(paths=st.lists(st.text("aP/01_.é\n", max_size=12), max_size=6), pattern=st.sampled_from([r"P(\d)", "a+", "_"]))
def test_plain_patterns_mean_what_they_mean_in_python(paths, pattern):
    def slow(path):
        found = re.search(pattern, path)
        return "" if found is None else next(iter(found.groups()), found.group())

    assert pattern_groups(paths, pattern) == [slow(path) for path in paths]


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"(a+)+$", r"(a|aa)+$", r"(.*)*x", r"(?:a{999}){999}{999}", r"((((a{99}){99}){99}){99})", r"(?:a?){99}a{99}"),
        *("(" * 90 + "a" + ")" * 90, "(?R)", r"(?<=a.*)b", r"(a)\1", "a{1,99999999}", "[", "(", "*"),
        *("\ud800", "\0", "[\n"),
    ],
)
def test_a_hostile_pattern_is_refused_or_harmless(pattern):
    """With an engine that tracks back, most of these take for ever or all the memory there is."""
    told = refusal(pattern, ["a" * 4000 + ".png"] * 200)
    assert "\n" not in told
    assert told == "" or told.endswith("correct it")


@given(pattern=st.text(st.sampled_from("ab()[]{}*+?|^$\\.d0129,-:=!<>Pé"), max_size=30))
def test_any_text_is_a_pattern_or_refused_in_one_line(pattern):
    assert "\n" not in refusal(pattern, PATHS)


def refusal(pattern, paths):
    """The words with which a pattern is refused; empty where it is not."""
    try:
        pattern_groups(paths, pattern)
    except ConfigError as error:
        return str(error)
    return ""


def test_a_pattern_too_long_is_refused():
    compiled_pattern("a" * MAX_PATTERN_LENGTH)
    with pytest.raises(ConfigError, match="expected a pattern of at most 200 characters, found 201"):
        compiled_pattern("a" * (MAX_PATTERN_LENGTH + 1))


@pytest.mark.parametrize(
    ("path", "block"),
    [
        ("COVID/Covid (128).png", "COVID/Covid (#).png 125-149"),
        ("COVID/Covid (0125).png", "COVID/Covid (#).png 125-149"),
        ("a/2020.01-p27-132.png", "a/2020.01-p27-#.png 125-149"),
        ("IM.0030", "IM.# 25-49"),
        ("7.jp2", "#.jp2 0-24"),
        ("a/b9/none.jp2", ""),
        ("series3.dcm#12", "series#.dcm#12 0-24"),
        (".30", ".# 25-49"),
    ],
)
def test_the_last_number_of_the_name_counts(path, block):
    assert block_of(path, 25) == block


@given(first=st.integers(0, 500), second=st.integers(0, 500), size=st.integers(2, 60))
def test_two_numbers_share_a_block_if_they_divide_alike(first, second, size):
    same = block_of(f"x/{first}.png", size) == block_of(f"x/{second}.png", size)
    assert same == (first // size == second // size)
