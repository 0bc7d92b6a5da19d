import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.evaluation.patients import Joining, contradicting_groups, joined_scans, joined_scored, parsed_joining
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores

WAYS = st.integers(0, 5).map(Joining)


def of_group(scored, name):
    mask = scored.groups == name
    return scored.scores[mask], scored.labels[mask]


def slowly_joined(scores, k):
    if k == 0:
        return sum(scores) / len(scores)
    return sorted(scores, reverse=True)[min(k, len(scores)) - 1]


@given(labelled_scores(), WAYS)
def test_joined_scores_agree_with_a_slow_obvious_way(scored, joining):
    joined = joined_scored(scored, joining)
    assert joined.groups.tolist() == sorted(set(scored.groups.tolist()))
    for row, name in enumerate(joined.groups):
        scores, labels = of_group(scored, name)
        assert joined.scores[row] == pytest.approx(slowly_joined(scores.tolist(), joining.k), abs=1e-12)
        assert joined.labels[row] == any(labels)
    assert joined.independent


@given(labelled_scores(), st.integers(1, 5), st.floats(0, 1))
def test_k_of_n_calls_a_group_positive_if_k_of_its_scans_are_or_all_where_it_has_fewer(scored, k, threshold):
    joined = joined_scored(scored, Joining(k))
    for row, name in enumerate(joined.groups):
        scores, _ = of_group(scored, name)
        assert (joined.scores[row] >= threshold) == ((scores >= threshold).sum() >= min(k, scores.size))


@given(labelled_scores(), WAYS)
def test_a_joined_score_lies_among_those_of_its_scans(scored, joining):
    probabilities = np.stack([scored.scores, 1 - scored.scores], axis=1)
    labels = np.where(scored.labels, "sick", "well")
    both = joined_scans(
        probabilities, labels, scored.groups, classes=["sick", "well"], positive="sick", joining=joining
    )
    for joined in (joined_scored(scored, joining).scores, both.probabilities[:, 0]):
        for row, name in enumerate(sorted(set(scored.groups.tolist()))):
            scores, _ = of_group(scored, name)
            assert scores.min() <= joined[row] <= scores.max()


@given(st.floats(0, 1), st.integers(1, 20))
@example(0.7, 3)
def test_a_group_all_of_whose_scans_are_positive_is_positive_by_their_mean(score, scans):
    joined = joined_scored(Scored.of([score] * scans, [True] * scans, ["p"] * scans), Joining())
    assert joined.scores[0] == score


@given(labelled_scores(), WAYS, st.randoms(use_true_random=False))
def test_the_order_of_scans_changes_nothing(scored, joining, random):
    order = list(range(scored.n))
    random.shuffle(order)
    turned = joined_scored(Scored(scored.scores[order], scored.labels[order], scored.groups[order]), joining)
    joined = joined_scored(scored, joining)
    np.testing.assert_array_equal(turned.scores, joined.scores)  # to the last bit: a threshold may lie on it
    np.testing.assert_array_equal(turned.labels, joined.labels)


@given(st.lists(st.floats(0, 1, width=32), max_size=20), WAYS)
def test_groups_of_single_scans_stay_what_they_are(scores, joining):
    scored = Scored.of(scores, [True] * len(scores), [f"{row:03d}" for row in range(len(scores))])
    np.testing.assert_array_equal(joined_scored(scored, joining).scores, scored.scores)


@given(labelled_scores(), WAYS)
def test_probabilities_of_two_classes_are_joined_as_their_scores_are(scored, joining):
    labels = np.where(scored.labels, "sick", "well")
    probabilities = np.stack([1 - scored.scores, scored.scores], axis=1)
    joined = joined_scans(
        probabilities, labels, scored.groups, classes=["well", "sick"], positive="sick", joining=joining
    )
    expected = joined_scored(scored, joining)
    np.testing.assert_allclose(joined.probabilities[:, 1], expected.scores, atol=1e-12)
    np.testing.assert_allclose(joined.probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(joined.labels == "sick", expected.labels)
    assert joined.scans.sum() == scored.n


def test_the_other_classes_share_what_the_chosen_scan_leaves():
    probabilities = [[0.9, 0.08, 0.02], [0.2, 0.4, 0.4]]
    joined = joined_scans(
        probabilities, ["a", "a"], ["p", "p"], classes=["a", "b", "c"], positive="a", joining=parsed_joining("max")
    )
    np.testing.assert_allclose(joined.probabilities, [[0.9, 0.1 * 0.24 / 0.45, 0.1 * 0.21 / 0.45]])
    certain = joined_scans(
        [[1, 0, 0], [0.5, 0, 0]], ["a", "a"], ["p", "p"], classes=["a", "b", "c"], positive="a", joining=Joining(2)
    )
    np.testing.assert_allclose(certain.probabilities, [[0.5, 0.25, 0.25]])


def test_a_group_whose_scans_contradict_each_other_is_positive_if_any_is_and_else_what_most_are():
    labels, groups = ["b", "a", "b", "c", "c", "c", "b"], ["p", "p", "q", "q", "q", "r", "s"]
    probabilities = np.full((7, 3), 1 / 3)
    joined = joined_scans(probabilities, labels, groups, classes=["a", "b", "c"], positive="a", joining=Joining())
    assert joined.labels.tolist() == ["a", "c", "c", "b"]
    assert contradicting_groups(labels, groups) == 2


@pytest.mark.parametrize(("text", "k"), [("mean", 0), ("max", 1), ("1-of-n", 1), (" 2-OF-N ", 2), ("12-of-n", 12)])
def test_ways_to_join_are_read_and_written(text, k):
    joining = parsed_joining(text)
    assert joining.k == k
    assert parsed_joining(joining.text) == joining
    assert joining.words


@pytest.mark.parametrize("text", ["", "median", "0-of-n", "-1-of-n", "2-of-3", "1.5-of-n", "99999-of-n", "²-of-n"])
def test_what_is_no_way_to_join_is_refused(text):
    with pytest.raises(ValueError, match="expected a way to join scores: mean, max or K-of-n"):
        parsed_joining(text)


def test_no_scans_are_no_groups():
    assert joined_scored(Scored.of([], []), Joining(2)).n == 0
    none = joined_scans(np.zeros((0, 2)), [], [], classes=["a", "b"], positive="a", joining=Joining(2))
    assert none.labels.size == 0
    assert none.probabilities.shape == (0, 2)


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match="equally many, found 1, 2 and 1"):
        joined_scans([[0.5, 0.5]], ["a", "b"], ["p"], classes=["a", "b"], positive="a", joining=Joining())
    with pytest.raises(ValueError, match="positive class must be among a, b"):
        joined_scans([[0.5, 0.5]], ["a"], ["p"], classes=["a", "b"], positive="c", joining=Joining())
