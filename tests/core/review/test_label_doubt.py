"""Doubtful labels: confident learning by hand, only scores from outside the training, folds where there are some."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import CLASSES, made_run, made_table
from tiny_trainings import call

from core.errors import RequestError
from core.review.label_doubt import doubts_of, fold_runs, label_doubts, ranked, words
from core.runs import read_predictions


@st.composite
def _judged(draw):
    classes, n = draw(st.integers(2, 4)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    return rng.dirichlet(np.ones(classes), n), rng.integers(0, classes, n)


@given(_judged())
def test_doubts_are_those_of_a_scan_at_a_time(case):
    probabilities, labels = case
    usual = [
        probabilities[labels == number, number].mean() if (labels == number).any() else np.inf
        for number in range(probabilities.shape[1])
    ]
    found = doubts_of(probabilities, labels)
    for row, (own, label) in enumerate(zip(probabilities, labels, strict=True)):
        others = {number: value for number, value in enumerate(own) if number != label}
        assert found.doubt[row] == pytest.approx((1 - own[label] + max(others.values())) / 2)
        confident = {number: value for number, value in others.items() if value >= usual[number]}
        suspected = bool(confident) and max(confident.values()) > own[label]
        assert found.suspected[row] == suspected
        among = confident if suspected else others
        assert found.looks_like[row] == max(among, key=among.__getitem__)


@given(_judged())
def test_doubts_lie_between_0_and_1_and_exceed_a_half_where_another_class_is_likelier(case):
    probabilities, labels = case
    found = doubts_of(probabilities, labels)
    assert ((found.doubt >= 0) & (found.doubt <= 1)).all()
    assert ((found.doubt > 0.5) == (probabilities.argmax(axis=1) != labels)).all()
    assert (found.doubt[found.suspected] > 0.5).all()
    assert (found.looks_like != labels).all()


def _run(runs, table=None, **changes):
    return made_run(runs, made_table() if table is None else table, **changes)


def _folded(table, fold, folds):
    """The same scans with every group whose number fits as test, the next as val."""
    number = table["group"].str.partition(":")[2].astype(int) % folds
    split = np.where(number == fold - 1, "test", np.where(number == fold % folds, "val", "train"))
    rng = np.random.default_rng(fold)
    return table.assign(
        split=split, covid=np.clip((table["label"] == "covid") * 0.6 + rng.uniform(0, 0.4, len(table)), 0, 1)
    )


def _folds(runs, folds=5, which=None, **config):
    return [
        _run(runs, _folded(made_table(), fold, folds), config={"split_by": f"fold:{fold}/{folds}", **config})
        for fold in which or range(1, folds + 1)
    ]


def test_training_scans_are_never_ranked(tmp_path):
    run = _run(tmp_path)
    found = label_doubts(run)
    splits = read_predictions(run)["split"]
    assert found["path"].tolist() == read_predictions(run)["path"].tolist()
    assert (found["doubt"].isna() == (splits == "train")).all()
    assert (found["from_split"] == splits.where(splits != "train", "")).all()
    assert not found.loc[splits == "train", "suspected"].any()
    assert set(found["n_folds"]) == {0}
    assert len(ranked(found)) == int((splits != "train").sum())


def test_the_most_doubtful_label_leads_and_ties_go_by_path(tmp_path):
    table = made_table()
    outside = table.index[table["split"] != "train"]
    table["covid"] = np.where(table["label"] == "covid", 0.75, 0.25)
    table.loc[outside[3], "covid"] = 0.1 if table["label"][outside[3]] == "covid" else 0.9
    found = ranked(label_doubts(_run(tmp_path, table)))
    assert found["path"][0] == table["path"][outside[3]]
    assert found["suspected"].tolist() == [True] + [False] * (len(found) - 1)
    assert found["path"].tolist()[1:] == sorted(found["path"].tolist()[1:])


def test_of_a_k_fold_split_every_scan_is_judged_by_the_run_in_which_it_was_test(tmp_path):
    runs = _folds(tmp_path)
    found = label_doubts(runs[2])
    assert found["doubt"].notna().all()
    assert set(found["from_split"]) == {"test"}
    assert set(found["n_folds"]) == {5}
    for fold, run in enumerate(runs):
        table = read_predictions(run)
        of_run = table[table["split"] == "test"]
        judged = found[found["by_run"] == run.id]
        assert set(judged["path"]) == set(of_run["path"])
        own = of_run.set_index("path").loc[judged["path"]]
        given = np.where(own["label"] == "covid", own["covid"], own["normal"])
        assert judged["doubt"].to_numpy() == pytest.approx(1 - given), fold
    assert [run.id for run in fold_runs(runs[0])] == [run.id for run in runs]


def test_of_an_incomplete_k_fold_split_the_rest_is_judged_by_this_run_alone(tmp_path):
    one, _, three = (*_folds(tmp_path, which=(1,)), None, *_folds(tmp_path, which=(3,)))
    found = label_doubts(one)
    own = read_predictions(one).set_index("path")["split"]
    other = read_predictions(three).set_index("path")["split"]
    for row in found.itertuples():
        if own[row.path] == "test":
            assert (row.by_run, row.from_split) == (one.id, "test")
        elif other[row.path] == "test":
            assert (row.by_run, row.from_split) == (three.id, "test")
        elif own[row.path] == "val":
            assert (row.by_run, row.from_split) == (one.id, "val")
        else:
            assert np.isnan(row.doubt)


def test_another_run_of_the_same_data_is_judged_by_complete_folds_alone(tmp_path):
    _folds(tmp_path, which=(1, 2, 3, 4))
    run = _run(tmp_path)
    assert fold_runs(run) == ()
    _folds(tmp_path, which=(5,))
    assert len(fold_runs(run)) == 5
    assert label_doubts(run)["doubt"].notna().all()


@pytest.mark.parametrize(
    "changes",
    [{"fingerprint": "another"}, {"fingerprint": ""}, {"config": {"join": "a+b"}}],
)
def test_folds_of_other_data_do_not_count(tmp_path, changes):
    _folds(tmp_path)
    assert fold_runs(_run(tmp_path, **changes)) == ()


def test_folds_of_another_seed_or_number_are_not_mixed(tmp_path):
    runs = _folds(tmp_path, seed=1)
    _folds(tmp_path, seed=2)
    _folds(tmp_path, folds=4)
    assert [run.id for run in fold_runs(runs[1])] == [run.id for run in runs]


def test_one_fold_alone_is_a_run_like_any_other(tmp_path):
    (run,) = _folds(tmp_path, which=(2,))
    assert fold_runs(run) == ()
    assert set(label_doubts(run)["n_folds"]) == {0}


def test_the_words_say_how_many_were_judged_and_how(tmp_path):
    assert "24 of 60 labels were judged, by this run" in words(label_doubts(_run(tmp_path / "one")))
    assert "36 others have no score from outside" in words(label_doubts(_run(tmp_path / "two")))
    folds = words(label_doubts(_folds(tmp_path / "three")[0]))
    assert "60 of 60 labels were judged, by 5 runs of a k-fold split" in folds
    assert "not ranked" not in folds


def test_a_run_that_is_not_finished_is_refused(tmp_path):
    run = _run(tmp_path).updated(status="stopped")
    with pytest.raises(RequestError, match="finished run"):
        label_doubts(run)


def test_the_command_tells_the_most_doubtful_labels(tmp_path, capsys):
    run = _run(tmp_path)
    facts = call(["doubts", run.folder, "--most", 3, "--json"], capsys).facts
    table = ranked(label_doubts(run))
    assert [one["path"] for one in facts["labels"]] == table["path"].tolist()[:3]
    assert (facts["judged"], facts["folds"]) == (24, 0)
    assert set(facts["labels"][0]) >= {"label", "looks_like", "doubt", "suspected", "from_split", "by_run"}
    printed = call(["doubts", run.folder], capsys)
    assert table["path"][0] in printed.stdout
    assert call(["doubts", run.folder, "--most", 0], capsys).status == 2


def test_planted_wrong_labels_lead_the_list(tmp_path):
    """A network that tells the classes apart, and a tenth of the labels turned round."""
    rng = np.random.default_rng(0)
    truth = rng.random(400) < 0.5
    wrong = rng.random(400) < 0.1
    labels = np.array(CLASSES)[np.where(truth ^ wrong, 0, 1)]
    scores = np.clip(np.where(truth, 0.8, 0.2) + rng.normal(0, 0.15, 400), 0.01, 0.99)
    table = pd.DataFrame({"path": [f"{n:03d}.png" for n in range(400)], "label": labels, "covid": scores})
    table["split"], table["group"] = np.where(np.arange(400) % 2, "test", "val"), table["path"]
    found = ranked(label_doubts(_run(tmp_path, table)))
    is_wrong = dict(zip(table["path"], wrong, strict=True))
    assert np.mean([is_wrong[path] for path in found["path"][:20]]) >= 0.9
