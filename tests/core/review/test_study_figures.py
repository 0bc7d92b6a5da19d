"""Figures of a study: each reader by the cases read both ways, agreement by those that all have read."""

import math

import pandas as pd
import pytest
from made_studies import all_answers, made_study
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from core.review.studies.answers import answers_csv, answers_table, readings
from core.review.studies.figures import few_words, study_figures
from core.review.studies.study import LEFT_OUT, UNAIDED, Answer


def right(case) -> int:
    return 6 if case.label == "COVID" else 1


def as_the_model(case) -> int:
    return 5 if case.score >= 0.5 else 2


def always_positive(case) -> int:
    return 4


def test_who_follows_the_model_is_led_astray_by_it():
    study = made_study(40)
    (ada,) = study_figures(study, all_answers(study, "Ada", right, as_the_model)).readers
    assert (ada.cases, ada.positives) == (40, 20)
    assert (ada.unaided.sensitivity.value, ada.unaided.specificity.value) == (1, 1)
    assert (ada.aided.sensitivity.value, ada.aided.specificity.value) == (0.8, 0.8)
    assert ada.aided == ada.model
    assert (ada.sensitivity_gain.value, ada.specificity_gain.value) == pytest.approx((-0.2, -0.2))
    assert ada.sensitivity_gain.low < -0.2 < ada.sensitivity_gain.high <= 0
    assert (ada.switches.could_be_led, ada.switches.led_astray.value) == (8, 1)
    assert (ada.switches.could_be_put, ada.kappa_model_aided.value) == (0, 1)
    truth, calls = [c.label == "COVID" for c in study.cases], [c.score >= 0.5 for c in study.cases]
    assert ada.kappa_model_unaided.value == pytest.approx(cohen_kappa_score(truth, calls))
    assert (ada.seconds_unaided, ada.seconds_aided) == (8, 4)
    assert ada.few == ""


def test_ratings_give_a_roc_curve():
    study = made_study(40)

    def graded(case) -> int:
        return min(6, 1 + case.number % 4 + 2 * (case.label == "COVID"))

    (ada,) = study_figures(study, all_answers(study, "Ada", graded, right)).readers
    truth = [case.label == "COVID" for case in study.cases]
    assert ada.auc_unaided.value == pytest.approx(roc_auc_score(truth, [graded(case) for case in study.cases]))
    assert ada.auc_gain.value == pytest.approx(1 - ada.auc_unaided.value)


def test_pairs_have_cohens_and_all_have_fleiss_kappa():
    study = made_study(20)
    answers = [
        answer
        for name, rule in (("Ada", right), ("Ben", as_the_model), ("Cleo", always_positive))
        for answer in all_answers(study, name, rule, right)
    ]
    found = study_figures(study, answers)
    assert [pair.readers for pair in found.pairs] == [("Ada", "Ben"), ("Ada", "Cleo"), ("Ben", "Cleo")]
    assert found.pairs[0].unaided.value == pytest.approx(0.6)
    assert found.pairs[1].unaided.value == 0
    assert all(pair.aided.value == 1 for pair in found.pairs)
    assert found.together.readers == ("Ada", "Ben", "Cleo")
    assert found.together.unaided.low < found.together.unaided.value < found.together.unaided.high


def test_a_reading_in_the_middle_counts_what_was_read_both_ways():
    study = made_study(10)
    answers = all_answers(study, "Ada", right, right)[:9]  # the fifth case without the model only
    answers += all_answers(study, "Ben", right, right)
    found = study_figures(study, answers)
    assert [one.cases for one in found.readers] == [4, 10]
    assert found.pairs[0].cases == 4
    assert "only" in found.readers[0].few


def test_what_could_not_be_shown_is_in_no_figure():
    study = made_study(10)
    answers = all_answers(study, "Ada", right, right)
    first = answers[0].number
    answers = [Answer("Ada", first, UNAIDED, LEFT_OUT, 0.0, ""), *answers[2:]]
    found = study_figures(study, answers)
    assert (found.readers[0].cases, found.left_out) == (9, 1)
    assert first not in readings(answers)[0].numbers


def test_a_study_that_nobody_has_read_has_the_model_alone():
    found = study_figures(made_study(20), [])
    assert (found.readers, found.pairs, found.together) == ((), (), None)
    assert (found.model.sensitivity.value, found.model.specificity.value) == (0.8, 0.8)


def test_readers_without_a_case_in_common_have_no_kappa():
    study = made_study(10)
    half = [answer for answer in all_answers(study, "Ada", right, right) if answer.number < 5]
    other = [answer for answer in all_answers(study, "Ben", right, right) if answer.number >= 5]
    found = study_figures(study, half + other)
    assert found.pairs[0].cases == found.together.cases == 0
    assert math.isnan(found.pairs[0].unaided.value)


def test_few_cases_are_said():
    assert few_words(20, 20) == ""
    assert few_words(1, 30).startswith("only 1 positive case:")
    assert few_words(30, 4).startswith("only 4 negative cases:")


def test_the_table_has_a_row_an_answer_and_no_formula():
    study = made_study(4)
    answers = all_answers(study, "=cmd|x", right, always_positive)
    table = answers_table(study, answers)
    assert len(table) == 8
    assert table["position"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert table.groupby("phase")["called_positive"].sum().to_dict() == {"aided": 4, "unaided": 2}
    assert "\n=cmd" not in answers_csv(study, answers)
    assert "'=cmd|x" in answers_csv(study, answers)
    assert list(pd.DataFrame(answers_table(study, [])).columns) == list(table.columns)
