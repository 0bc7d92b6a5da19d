"""What can be asked about has words, and a class of an odd name stays a class."""

import pytest

from core.errors import RequestError
from core.explanation.targets import DIFFERENCE, target_choices, target_named
from tests.core.explanation.conftest import small_model


def test_the_positive_class_comes_first_and_two_classes_have_a_difference() -> None:
    choices = target_choices(["normal", "covid"], "covid")
    assert list(choices) == ["covid", "normal", DIFFERENCE]
    assert choices[DIFFERENCE] == "covid over normal"


def test_of_three_classes_each_can_be_asked_about_and_no_difference() -> None:
    assert list(target_choices(["a", "b", "c"], "c")) == ["c", "a", "b"]
    model = small_model("test_resnet", classes=("a", "b", "c"))
    with pytest.raises(RequestError, match=r"^expected two classes .* found 3; ask about one of a, b, c$"):
        target_named(model, DIFFERENCE)


def test_a_class_called_difference_is_that_class() -> None:
    assert target_choices(["difference", "normal"], "normal")[DIFFERENCE] == "difference"
    model = small_model("test_resnet", classes=("normal", "difference"))
    assert target_named(model, DIFFERENCE).column == 1
