"""A reading study: drawn by class with a seed, ordered anew for each reader, no step taken back."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_studies import NAMES, made_study

from core.errors import RequestError, WorkError
from core.review.studies.sample import new_study, sampled
from core.review.studies.study import (
    AIDED,
    LEFT_OUT,
    RATINGS,
    UNAIDED,
    Answer,
    Study,
    called_positive,
    cases_read,
    next_step,
    order_for,
    rating_words,
    reader_key,
    tidy_name,
)
from core.runs import Run, read_index, read_run
from tests.pages.conftest import write_finished_run, write_tiny_dataset


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of two classes that nobody trained. Not to be changed."""
    folder = tmp_path_factory.mktemp("study")
    return read_run(write_finished_run(folder / "runs", write_tiny_dataset(folder / "tiny")).folder)


def table_of(labels: list[str], wrong: list[bool] | None = None, groups: list[str] | None = None) -> pd.DataFrame:
    others = {"a": "b", "b": "c", "c": "a"}
    wrong = wrong or [False] * len(labels)
    return pd.DataFrame(
        {
            "path": [f"{label}/{n}.png" for n, label in enumerate(labels)],
            "label": labels,
            "predicted": [others[label] if bad else label for label, bad in zip(labels, wrong, strict=True)],
            "group": groups or [str(n) for n in range(len(labels))],
        }
    )


@settings(max_examples=40)
@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=60), st.integers(2, 60), st.integers(0, 5))
def test_a_sample_has_as_many_as_asked_and_each_class_in_its_share(labels, cases, seed):
    table, classes = table_of(labels), len(set(labels))
    if cases > len(labels) or classes < 2 or cases < classes:
        with pytest.raises(RequestError):
            sampled(table, cases, seed=seed)
        return
    found = sampled(table, cases, seed=seed)
    assert len(found) == cases == found["path"].nunique()
    for label in set(labels):
        exact = labels.count(label) / len(labels) * cases
        assert found["label"].eq(label).sum() >= 1
        assert found["label"].eq(label).sum() <= max(1, math.ceil(exact))


def test_a_sample_follows_from_its_seed_and_not_from_the_order_of_the_rows():
    table = table_of(["a", "b"] * 30)
    first, again = sampled(table, 20, seed=4), sampled(table.sample(frac=1, random_state=1), 20, seed=4)
    assert first["path"].tolist() == again["path"].tolist()
    assert first["path"].tolist() != sampled(table, 20, seed=5)["path"].tolist()


def test_numbers_of_cases_tell_nothing_of_their_class():
    """Cases that stood class by class would give the label away by their number."""
    found = sampled(table_of(["a"] * 100 + ["b"] * 100), 100, seed=0)
    assert 15 < found["label"].head(50).eq("a").sum() < 35


def test_a_patient_comes_once_unless_asked():
    table = table_of(["a", "b"] * 20, groups=[str(n // 4) for n in range(40)])
    assert sampled(table, 10, seed=0)["group"].is_unique
    with pytest.raises(RequestError, match=r"at most 10 cases.*patients.*found 12"):
        sampled(table, 12, seed=0)
    assert len(sampled(table, 12, seed=0, several_of_a_group=True)) == 12


def test_an_enriched_sample_has_up_to_half_of_each_class_wrong():
    wrong = [n % 20 in (0, 1) for n in range(200)]  # 10 wrong of each class
    table = table_of(["a", "b"] * 100, wrong)
    plain, rich = sampled(table, 20, seed=0), sampled(table, 20, seed=0, enriched=True)
    assert (plain["label"] != plain["predicted"]).sum() < 6
    assert (rich["label"] != rich["predicted"]).groupby(rich["label"]).sum().to_dict() == {"a": 5, "b": 5}


def test_an_enriched_sample_takes_what_there_is():
    few = sampled(table_of(["a", "b"] * 10, [True] + [False] * 19), 10, seed=0, enriched=True)
    assert (few["label"] != few["predicted"]).sum() == 1
    all_wrong = sampled(table_of(["a", "b"] * 10, [True] * 20), 10, seed=0, enriched=True)
    assert len(all_wrong) == 10


@given(NAMES, NAMES)
def test_each_reader_has_an_order_of_all_cases(one, other):
    study = made_study(30)
    assert sorted(order_for(study, one)) == list(range(30))
    assert (order_for(study, one) == order_for(study, other)) == (reader_key(one) == reader_key(other))


def test_an_order_stays_what_it_is():
    """Pinned: a reader goes on after an update, too."""
    study = dataclasses.replace(made_study(8), id="0123abcd", seed=7)
    assert order_for(study, "Ada") == order_for(study, "  ada ") == (1, 3, 6, 5, 7, 2, 0, 4)


@given(st.lists(st.sampled_from([LEFT_OUT, *RATINGS]), min_size=20, max_size=20))
def test_a_reading_goes_case_by_case_first_without_then_with_the_model(ratings):
    study, answers = made_study(10), []
    for rating in ratings:
        step = next_step(study, "Ada", answers)
        if step is None:
            break
        unaided = [a for a in answers if a.phase == UNAIDED and a.number == step.case.number]
        assert bool(unaided) == (step.phase == AIDED)
        assert step.before == (unaided[0].rating if unaided else None)
        assert step.position == cases_read(study, "Ada", answers) + 1
        assert step.case.number == order_for(study, "Ada")[step.position - 1]
        rating = rating if step.phase == UNAIDED else max(rating, 1)
        answers.append(Answer("ADA", step.case.number, step.phase, rating, 1.0, ""))
    if all(ratings):
        assert next_step(study, "Ada", answers) is None
        assert cases_read(study, "Ada", answers) == 10
    assert cases_read(study, "Bob", answers) == 0


def test_every_rating_is_a_call_and_has_words():
    assert [called_positive(rating) for rating in RATINGS] == [False] * 3 + [True] * 3
    assert [rating_words(r, "COVID") for r in (1, 4, 6)] == ["Surely not COVID", "Rather COVID", "Surely COVID"]


@pytest.mark.parametrize("name", ["", " \n", "\u200b", "x" * 81])
def test_a_name_is_asked_for_where_there_is_none(name):
    with pytest.raises(RequestError, match="expected a reader's name"):
        tidy_name(name, "a reader's name")


@given(st.text(max_size=60))
def test_a_tidy_name_is_tidy_already(name):
    try:
        tidy = tidy_name(name, "a name")
    except RequestError:
        return
    assert tidy_name(tidy, "a name") == tidy


def test_a_study_comes_back_from_json_as_it_was():
    study = made_study(5)
    assert Study.from_json(study.to_json()) == study
    for damaged in ({}, {**study.to_json(), "cases": [{"number": 0}]}, {**study.to_json(), "more": 1}):
        with pytest.raises(WorkError, match="reading study"):
            Study.from_json(damaged)


def test_a_study_of_a_run_keeps_truth_score_and_call(finished_run):
    study = new_study(finished_run, name=" First  study ", cases=4, seed=3)
    index = read_index(finished_run).set_index("path")
    assert study.name == "First study"
    assert [case.number for case in study.cases] == list(range(4))
    for case in study.cases:
        assert index.loc[case.path, "split"] == "test"
        assert (case.label, case.content) == tuple(index.loc[case.path, ["label", "sha256"]])
        assert (case.called == study.positive) == (case.score >= study.threshold)
    assert len({case.label for case in study.cases}) == 2
    assert np.isclose(study.threshold, 0.5)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"cases": 1}, "expected 2 to 2000 cases, found 1"),
        ({"cases": 1000}, "ask for fewer"),
        ({"split": "none"}, "expected a split"),
        ({"truth_shown": "never"}, "found 'never'"),
        ({"name": " "}, "a name for the study"),
    ],
)
def test_what_cannot_be_made_is_said(finished_run, asked, says):
    with pytest.raises(RequestError, match=says):
        new_study(finished_run, **{"name": "a study", "cases": 3, **asked})
