import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny_sweeps import made_up_run, short_sweep

from core.errors import ConfigError, RunDamagedError, WorkError
from core.evaluation.confusion import counts_at, rates
from core.evaluation.decision.budgets import fnr_at_fpr
from core.evaluation.intervals import Estimate, wilson_interval
from core.evaluation.scored import Scored
from core.sweeps.rule import Rule, Standing, standing

GOOD = {
    "val covid": [0.9, 0.8, 0.7, 0.2],
    "val normal": [0.6, 0.3, 0.1, 0.05],
    "test covid": [0.9],
    "test normal": [0.1],
}


@pytest.mark.parametrize(
    "given_", [{}, {"max_fpr": 0.1, "threshold": 0.5}, {"max_fpr": 1.0}, {"max_fpr": -0.1}, {"threshold": 1.5}]
)
def test_a_rule_is_one_share_of_false_alarms_or_one_threshold(given_):
    with pytest.raises(ConfigError, match="expected"):
        Rule(**given_)


def test_not_a_number_is_no_rule():
    with pytest.raises(ConfigError):
        Rule(max_fpr=float("nan"))
    with pytest.raises(ConfigError):
        Rule(threshold=float("nan"))


@st.composite
def scored_scans(draw):
    count = draw(st.integers(2, 40))
    scores = draw(st.lists(st.sampled_from(np.linspace(0, 1, 12).tolist()), min_size=count, max_size=count))
    labels = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    assume(any(labels) and not all(labels))
    return Scored.of(scores, labels)


@given(scored_scans(), st.one_of(st.floats(0, 0.99), st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5])))
def test_the_lowest_threshold_that_keeps_the_false_alarms_is_taken(scored, max_fpr):
    candidates = np.unique(np.r_[scored.scores, np.nextafter(scored.scores, 2.0), 0.0])
    kept = [t for t in candidates if t <= 1 and counts_at(scored, t).fp / scored.negatives <= max_fpr]
    if not kept:
        with pytest.raises(WorkError, match="at score 1"):
            Rule(max_fpr=max_fpr).threshold_on(scored)
        return
    at = rates(counts_at(scored, Rule(max_fpr=max_fpr).threshold_on(scored)))
    assert at.fpr.value <= max_fpr
    assert at.fnr.value == min(rates(counts_at(scored, t)).fnr.value for t in kept)
    assert at.fnr.value == pytest.approx(fnr_at_fpr(scored, max_fpr))


def test_a_fixed_threshold_is_taken_as_it_is():
    assert Rule(threshold=0.0).threshold_on(Scored.of([0.2, 0.4], [True, False])) == 0.0
    assert Rule(threshold=0.37).threshold_on(Scored.of([0.2, 0.4], [True, False])) == 0.37


def test_validation_without_one_of_the_classes_cannot_be_ranked():
    with pytest.raises(WorkError, match="0 positive and 2 others"):
        Rule(threshold=0.5).threshold_on(Scored.of([0.2, 0.4], [False, False]))


def test_a_standing_is_counted_on_validation(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    found = standing(made_up_run(sweep, GOOD, epochs=7), Rule(max_fpr=0.25))
    assert found.threshold == 0.6  # one false alarm of four is tolerated
    assert found.fnr == wilson_interval(1, 4)
    assert found.fpr.value == 0.25
    assert (found.auc, found.positives, found.epochs) == (14 / 16, 4, 7)


def poisoned(table: pd.DataFrame) -> pd.DataFrame:
    elsewhere = table["split"] != "val"
    table.loc[elsewhere, ["covid", "normal"]] = np.nan
    table.loc[elsewhere, ["label", "group"]] = "poison"
    return table


@pytest.mark.parametrize("change", [poisoned, lambda table: table[table["split"] == "val"]])
def test_no_row_of_another_split_is_looked_at(tmp_path, change):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    run = made_up_run(sweep, GOOD)
    before = [standing(run, rule) for rule in (Rule(max_fpr=0.25), Rule(threshold=0.5))]
    path = run.folder / "predictions.parquet"
    change(pd.read_parquet(path)).to_parquet(path, index=False)
    assert [standing(run, rule) for rule in (Rule(max_fpr=0.25), Rule(threshold=0.5))] == before


def test_a_run_without_epochs_is_damaged(tmp_path):
    sweep = short_sweep(tmp_path, tmp_path / "runs", "epochs=1,2")
    with pytest.raises(RunDamagedError, match="expected epochs"):
        standing(made_up_run(sweep, GOOD, epochs=0), Rule(threshold=0.5))


standings = st.integers(1, 30).flatmap(
    lambda positives: st.builds(
        lambda misses, auc, epochs: Standing(
            wilson_interval(misses, positives), Estimate(0, 0, 1), auc, 0.5, positives, epochs, "data"
        ),
        st.integers(0, positives),
        st.floats(0, 1),
        st.integers(1, 99),
    )
)


@given(standings)
def test_a_standing_survives_the_way_through_json(found):
    assert Standing.from_json(found.to_json()) == found


@given(st.data(), st.integers(1, 30))
def test_the_goal_orders_as_the_ranking_does(data, positives):
    def one() -> Standing:
        misses, auc = data.draw(st.integers(0, positives)), data.draw(st.floats(0, 1))
        return Standing(wilson_interval(misses, positives), Estimate(0, 0, 1), auc, 0.5, positives, 1, "data")

    first, second = one(), one()
    if first.goal < second.goal:
        assert first.order < second.order
