"""What is said of a training's curves."""

import math

import pandas as pd
import pytest

from pages.training.remarks import remarks

CONFIG = {"patience": 4, "epochs": 20, "best_by": "val_loss"}


def _history(val_loss, train_loss=None, train_accuracy=0.8, val_accuracy=0.8):
    epochs = len(val_loss)
    falling = [0.7 - 0.05 * at for at in range(epochs)]
    return pd.DataFrame(
        {
            "epoch": range(1, epochs + 1),
            "train_loss": train_loss or falling,
            "val_loss": val_loss,
            "train_accuracy": train_accuracy,
            "val_accuracy": val_accuracy,
        }
    )


def test_nothing_is_said_while_training_and_validation_go_together():
    assert remarks(_history([0.7, 0.6, 0.5]), CONFIG, best_epoch=3, working=True) == []


def test_a_validation_loss_that_rises_while_training_falls_is_said():
    [said] = remarks(_history([0.6, 0.5, 0.55, 0.6, 0.7]), CONFIG, best_epoch=2, working=False)
    assert said.startswith(
        "Since epoch 2 validation loss rises (0.500 to 0.700) while training loss falls (0.650 to 0.500)"
    )


@pytest.mark.parametrize(
    "history",
    [
        _history([0.6, 0.5, 0.9]),
        _history([0.6, 0.5, 0.51, 0.51, 0.51]),
        _history([0.6, 0.5, 0.55, 0.6, 0.7], train_loss=[0.6, 0.5, 0.6, 0.6, 0.6]),
        _history([math.nan, math.nan]),
    ],
    ids=["one bad epoch", "hardly", "training rises too", "unknown"],
)
def test_what_is_no_gap_in_the_loss_is_not_called_one(history):
    assert remarks(history, {}, best_epoch=None, working=False) == []


def test_a_gap_in_accuracy_is_said_in_points():
    history = _history([0.5], train_accuracy=0.95, val_accuracy=0.7)
    [said] = remarks(history, CONFIG, best_epoch=1, working=True)
    assert said.startswith("Training accuracy is 25 points above validation (95.0% and 70.0%)")


def test_early_stopping_is_said_before_and_after():
    history = _history([0.5, 0.5, 0.5])
    [said] = remarks(history, CONFIG, best_epoch=1, working=True)
    assert said == (
        "No lower validation loss for 2 epochs; it stops early after 4 such epochs, and keeps the weights of epoch 1."
    )
    assert remarks(history, CONFIG, best_epoch=1, working=False) == []  # somebody stopped it
    history = _history([0.5] * 5)
    for working in (True, False):
        assert remarks(history, CONFIG | {"best_by": "val_auc"}, best_epoch=1, working=working) == [
            "Stopped early: none of the 4 epochs after epoch 1 had a higher validation AUC."
        ]


def test_the_last_epoch_of_all_is_no_early_stop():
    assert remarks(_history([0.5] * 5), CONFIG | {"epochs": 5}, best_epoch=1, working=False) == []
    assert remarks(_history([0.5] * 3), CONFIG | {"epochs": 5}, best_epoch=1, working=True) == []


def test_an_older_run_without_these_settings_is_not_spoken_of():
    assert remarks(_history([0.5] * 9), {}, best_epoch=1, working=True) == []
