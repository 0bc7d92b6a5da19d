import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.joined import CLASS_IN_DATA, join_labels, joined_classes
from core.errors import ConfigError, DatasetError

NAMES = st.text("abc -é", min_size=1, max_size=6).map(str.strip).filter(bool)


def test_several_classes_become_one_and_the_others_stay():
    table = pd.DataFrame({"label": ["COVID", "Normal", "Viral Pneumonia", "Opacity"]})
    joined = join_labels(table, joined_classes("sick = COVID + Viral Pneumonia ; well=Normal"))
    assert joined["label"].tolist() == ["sick", "well", "sick", "Opacity"]
    assert joined[CLASS_IN_DATA].tolist() == table["label"].tolist()


def test_without_anything_to_join_the_table_is_as_it_was():
    table = pd.DataFrame({"label": ["a", "b"]})
    assert join_labels(table, joined_classes("")) is table


@given(st.dictionaries(NAMES, NAMES, min_size=1, max_size=6))
def test_what_is_written_is_what_is_read(names):
    text = "; ".join(f"{name}={member}" for member, name in names.items())
    assert joined_classes(text) == names


@pytest.mark.parametrize("text", ["sick", "=a", "sick=", "sick=a+", "sick=a; b", "a=b;"])
def test_what_is_written_otherwise_is_told(text):
    with pytest.raises(ConfigError, match="expected join to be NAME=CLASS"):
        joined_classes(text)


def test_a_class_in_two_places_is_told():
    with pytest.raises(ConfigError, match="expected every class once in join, found 'a' twice"):
        joined_classes("x=a+b; y=a")


def test_a_class_that_is_not_there_is_told():
    with pytest.raises(DatasetError, match="expected join to name classes among a, b, found 'c'"):
        join_labels(pd.DataFrame({"label": ["a", "b"]}), joined_classes("x=a+c"))
