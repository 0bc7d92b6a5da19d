import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_trainings import ROOT

from core.evaluation.decision.rule_texts import chosen_words, parsed_rule, rule_words
from core.evaluation.decision.rules import Cost, Default, FBeta, Fixed, MaxFnr, MaxFpr, Ppv, Youden, Zones

SHARES = st.floats(0.001, 0.999)
MAYBE = st.none() | SHARES
ANY_RULE = st.one_of(
    st.builds(MaxFnr, SHARES, MAYBE),
    st.builds(MaxFpr, SHARES, MAYBE),
    st.builds(Cost, st.floats(1e-3, 1e6), st.floats(1e-3, 1e6), MAYBE),
    st.just(Youden()),
    st.builds(FBeta, st.floats(0.01, 100)),
    st.builds(Ppv, SHARES, SHARES),
    st.builds(Fixed, st.floats(0, 1)),
    st.just(Default()),
    st.builds(Zones, SHARES, SHARES, MAYBE, MAYBE),
)


@given(ANY_RULE)
def test_a_rule_can_be_had_again_from_its_text(rule):
    assert parsed_rule(rule.text) == rule


@given(ANY_RULE)
def test_every_rule_has_words_and_a_reason_of_one_sentence_or_two(rule):
    assert rule.words
    assert rule_words(rule.text) == rule.words
    assert rule.reason.endswith(".")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (MaxFnr(0.05), "max_fnr=0.05"),
        (MaxFnr(0.02, 0.95), "max_fnr=0.02, confidence=0.95"),
        (MaxFnr(0.02, 0.95, 20), "max_fnr=0.02, confidence=0.95, networks=20"),
        (MaxFpr(0.1), "max_fpr=0.1"),
        (MaxFpr(0.1, 0.95, 3), "max_fpr=0.1, confidence=0.95, networks=3"),
        (Zones(0.02, 0.05, None, 0.9, 7), "rule_out=0.02, rule_in=0.05, in_confidence=0.9, networks=7"),
        (Cost(10), "cost=10:1"),
        (Cost(10, 1, 0.05), "cost=10:1, prevalence=0.05"),
        (Youden(), "youden"),
        (FBeta(2), "f_beta=2"),
        (Ppv(0.5, 0.05), "ppv=0.5, prevalence=0.05"),
        (Fixed(0.3), "fixed=0.3"),
        (Default(), "default"),
        (Zones(0.02, 0.05), "rule_out=0.02, rule_in=0.05"),
        (Zones(0.02, 0.05, 0.95, 0.9), "rule_out=0.02, rule_in=0.05, out_confidence=0.95, in_confidence=0.9"),
    ],
)
def test_texts_stay_as_they_are_on_disk(rule, text):
    assert rule.text == text
    assert parsed_rule(text) == rule


@pytest.mark.parametrize(
    "text", ["", "something newer", "max_fnr=much", "max_fnr=2", "cost=10", "youden=1", "ppv=0.5", "max_fnr=0.1, x=1"]
)
def test_a_text_of_no_rule_is_refused_and_shown_as_it_is(text):
    with pytest.raises(ValueError, match="expected the text of a rule"):
        parsed_rule(text)
    assert rule_words(text) == (text or "nobody knows how")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: MaxFnr(1.0), r"max_fnr must lie in \[0, 1\), found 1"),
        (lambda: MaxFnr(math.nan), r"max_fnr must lie in \[0, 1\)"),
        (lambda: MaxFnr(0.1, 1.0), r"confidence must lie in \(0, 1\)"),
        (lambda: MaxFnr(0.1, 0.9, 0), "networks compared must be a whole number from 1, found 0"),
        (lambda: MaxFnr(0.1, 0.9, 2.5), "networks compared must be a whole number from 1, found 2.5"),
        (lambda: MaxFnr(None), "max_fnr must be a number, found None"),
        (lambda: MaxFnr("0.05"), "max_fnr must be a number, found '0.05'"),
        (lambda: Ppv(0.5, None), "prevalence must be a number, found None"),
        (lambda: Fixed(None), "threshold must be a number, found None"),
        (lambda: FBeta("2"), "beta must be a number, found '2'"),
        (lambda: MaxFpr(-0.1), r"max_fpr must lie in \[0, 1\]"),
        (lambda: Cost(0), r"the cost of a miss must lie between 1e-09 and 1e\+09, found 0"),
        (lambda: Cost(1, math.inf), r"the cost of a false alarm must lie between 1e-09 and 1e\+09, found inf"),
        (lambda: Cost(1e300), r"the cost of a miss must lie between .*, found 1e\+300"),
        (lambda: Cost(1, 1e-300), "the cost of a false alarm must lie between .*, found 1e-300"),
        (lambda: Cost(1, 1, 0), r"prevalence must lie in \(0, 1\)"),
        (lambda: FBeta(-1), "beta must lie between 0.01 and 100, found -1"),
        (lambda: FBeta(1e200), r"beta must lie between 0.01 and 100, found 1e\+200"),
        (lambda: FBeta(1e-200), "beta must lie between 0.01 and 100, found 1e-200"),
        (lambda: FBeta(math.nan), "beta must lie between 0.01 and 100, found nan"),
        (lambda: MaxFnr(1e-320, 0.5), "max_fnr must be at least 1e-12 to be promised"),
        (lambda: MaxFpr(1e-320, 0.5), "max_fpr must be at least 1e-12 to be promised"),
        (lambda: Zones(1e-320, 0.1, 0.5), "rule_out must be at least 1e-12 to be promised"),
        (lambda: Zones(0.1, 1e-320, None, 0.5), "rule_in must be at least 1e-12 to be promised"),
        (lambda: Ppv(0.5, 1), r"prevalence must lie in \(0, 1\)"),
        (lambda: Ppv(0, 0.5), r"ppv must lie in \(0, 1\]"),
        (lambda: Fixed(1.1), r"threshold must lie in \[0, 1\]"),
        (lambda: Zones(0.1, 2), r"rule_in must lie in \[0, 1\]"),
    ],
)
def test_parameters_out_of_range_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (Cost(10), "the least cost if a miss costs 10 times a false alarm"),
        (Cost(1, 4), "the least cost if a false alarm costs 4 times a miss"),
        (Cost(2, 2, 0.05), "the least cost if a miss costs as much as a false alarm where 5 % have it"),
    ],
)
def test_costs_are_said_with_their_direction(cost, words):
    assert cost.words == words


@pytest.mark.parametrize(
    ("text", "split", "words"),
    [
        ("max_fnr=0.05", "val", "chosen on validation: at most 5 % missed"),
        (
            "max_fnr=0.05, confidence=0.95",
            "val",
            "chosen on validation: at most 5 % missed, promised for new ones with 95 % confidence",
        ),
        ("youden", "site 3", "chosen on site 3: the largest sum of sensitivity and specificity (Youden)"),
        ("fixed=0.3", "val", "set by hand"),
        ("default", "val", "the default, nobody has chosen it"),
        ("", "val", "nobody knows how"),
        ("something newer", "val", "chosen on validation: something newer"),
    ],
)
def test_how_a_threshold_was_chosen_is_said_with_its_split(text, split, words):
    assert chosen_words(text, split) == words


def test_rules_are_light_enough_for_the_sidebar():
    code = (
        "import sys, core.evaluation.decision.rule_texts\n"
        "print(*sorted({'numpy', 'scipy', 'pandas', 'streamlit', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
