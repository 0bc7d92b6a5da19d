"""What a worklist asks for goes through the address and back; what is no worklist there is ignored and said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.splits import SPLITS
from core.explanation.projection import Area
from core.review.worklists.filters import ANY, CELLS, NAMES, ORDERS, Filters, without

TEXTS = st.text(max_size=12)
CORNERS = st.lists(st.tuples(*[st.integers(-1000, 1000)] * 2), min_size=3, max_size=6)
AREAS = CORNERS.map(lambda found: Area("pca", tuple((x / 1000, y / 1000) for x, y in found)).text)
FILTERS = st.builds(
    lambda bounds, **rest: Filters(score_low=bounds[0], score_high=bounds[1], **rest),
    bounds=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
    cells=st.lists(st.sampled_from(CELLS), unique=True).map(
        lambda cells: tuple(name for name in CELLS if name in cells)
    ),
    truth=TEXTS,
    predicted=TEXTS,
    split=st.sampled_from((*SPLITS, ANY)),
    subgroups=st.lists(st.tuples(TEXTS, TEXTS), unique=True, max_size=4).map(tuple),
    group=TEXTS,
    near_threshold=st.booleans(),
    mislabelled=st.booleans(),
    outside_lungs=st.booleans(),
    unread=st.booleans(),
    order=st.sampled_from(tuple(ORDERS)),
    area=st.just("") | AREAS,
)


@given(filters=FILTERS)
def test_a_worklist_survives_the_address(filters):
    query = filters.to_query()
    assert set(query) <= set(NAMES)
    assert Filters.from_query(query) == (filters, ())


@given(query=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40)), start=FILTERS)
def test_whatever_stands_in_the_address_gives_a_worklist_that_can_be_written_again(query, start):
    found, _ = Filters.from_query(query, start)
    assert Filters.from_query(found.to_query()) == (found, ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cell", "lost"),
        ("split", "holdout"),
        ("score", "0.2"),
        ("score", "0.8..0.2"),
        ("score", "nan..nan"),
        ("only", "unseen"),
        ("order", "size"),
        ("where", "no equals sign"),
        ("where", "&".join(f"column{k}=part" for k in range(21))),
        ("area", "pca:0,0;1,1"),
        ("group", "x" * 5000),
    ],
)
def test_what_says_nothing_is_ignored_and_said(name, text):
    start = Filters(cells=("missed",), split="test")
    found, ignored = Filters.from_query({name: text}, start)
    assert found == start
    assert len(ignored) == 1
    assert ignored[0].startswith(name)


def test_links_of_earlier_versions_stay_valid():
    found, ignored = Filters.from_query(
        {"run": "r", "case": "a.png", "cell": "false alarm", "split": "val", "truth": "A", "predicted": "B"}
    )
    assert found == Filters(cells=("false alarm",), split="val", truth="A", predicted="B")
    assert ignored == ()


def test_one_of_two_cells_that_is_unknown_does_not_lose_the_other():
    assert Filters.from_query({"cell": "lost,missed"})[0].cells == ("missed",)


@given(filters=FILTERS, name=st.sampled_from(NAMES))
def test_dropping_a_part_leaves_the_others(filters, name):
    left = without(filters, name).to_query()
    rest = {key: text for key, text in filters.to_query().items() if key != name}
    assert {key: text for key, text in left.items() if key != name} == rest
    assert without(filters, name) == Filters.from_query(rest)[0]
