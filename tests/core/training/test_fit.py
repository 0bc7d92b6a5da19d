import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional

from core.errors import ConfigError, DivergedError, WorkError
from core.models.build import build_network
from core.models.freezing import frozen_modules
from core.models.inputs import InputForm
from core.runs import HISTORY_COLUMNS
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import SCHEDULES, TrainingConfig
from core.training.fit import Progress, fit

CPU = torch.device("cpu")
QUICK = {
    "backbone": "test_resnet",
    "image_size": 32,
    "epochs": 4,
    "batch_size": 8,
    "learning_rate": 3e-3,
    "patience": 50,
}


def split(count: int, *, seed: int = 0) -> ScanSplit:
    """Grey noise; class 0 has a bright square."""
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(40, 120, (count, 32, 32), dtype=torch.uint8, generator=generator)
    targets = torch.arange(count) % 2
    pixels[targets == 0, 8:18, 8:18] += 100
    return ScanSplit(pixels, targets)


@dataclass
class Recorder:
    """A reporter that keeps what it is told, and asks to stop when told to."""

    stop_after_step: int | None = None
    on_epoch: Callable[[Progress], None] = lambda progress: None
    steps: list[tuple[int, int, int, int]] = field(default_factory=list)
    progresses: list[Progress] = field(default_factory=list)
    micro_batches: list[int] = field(default_factory=list)
    improved: list[bool] = field(default_factory=list)

    def step(self, *, epoch: int, step: int, steps: int, images: int) -> None:
        self.steps.append((epoch, step, steps, images))

    def epoch(self, progress: Progress, *, improved: bool) -> None:
        self.progresses.append(copy.deepcopy(progress))
        self.improved.append(improved)
        self.on_epoch(progress)

    def memory_ran_out(self, micro_batch: int) -> None:
        self.micro_batches.append(micro_batch)

    def stop_requested(self) -> bool:
        return self.stop_after_step is not None and len(self.steps) >= self.stop_after_step


def network_for(config: TrainingConfig, *, backbone: str | None = None) -> nn.Module:
    torch.manual_seed(config.seed)
    return build_network(backbone or config.backbone, classes=2, dropout=config.dropout)


def lessons_of(config: TrainingConfig, *, train: ScanSplit | None = None) -> ScanLessons:
    return ScanLessons(
        train or split(48), split(16, seed=1), classes=2, form=InputForm(0.5, 0.25), config=config, device=CPU
    )


def run(network: nn.Module, config: TrainingConfig, reporter: Recorder, **changes: Any):
    train = changes.pop("train", None)
    arguments: dict[str, Any] = {
        "positive_class": 0,
        "classes": 2,
        "frozen": frozen_modules(network, config.freeze),
        "device": CPU,
        "precision": "fp32",
    }
    lessons = changes.pop("lessons", None) or lessons_of(config, train=train)
    return fit(network, lessons, config=config, reporter=reporter, **(arguments | changes))


def probabilities_of(network: nn.Module, pixels: Tensor) -> Tensor:
    with torch.inference_mode():
        return network.eval()(InputForm(0.5, 0.25).of(pixels, CPU)).softmax(1)


def trained(**settings: Any) -> tuple[Recorder, Any, nn.Module]:
    config = TrainingConfig(**(QUICK | settings))
    network, reporter = network_for(config), Recorder()
    return reporter, run(network, config, reporter), network


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_network_learns_what_is_easily_told_apart():
    reporter, result, network = trained(backbone="resnet10t", epochs=6)
    history = reporter.progresses[-1].history
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 2
    fresh = split(32, seed=9)
    probabilities = probabilities_of(network, fresh.pixels)
    assert roc_auc_score(fresh.targets == 0, probabilities[:, 0]) > 0.95
    assert result.epochs == len(history) == 6


def test_history_tells_each_epoch_completely_and_truly():
    config = TrainingConfig(**QUICK)
    network, reporter = network_for(config), Recorder()
    run(network, config, reporter)
    history = reporter.progresses[-1].history
    assert [row["epoch"] for row in history] == [1, 2, 3, 4]
    assert all(tuple(row) == HISTORY_COLUMNS for row in history)
    val, last = split(16, seed=1), history[-1]
    probabilities = probabilities_of(network, val.pixels)
    assert last["val_loss"] == pytest.approx(float(functional.nll_loss(probabilities.log(), val.targets)), rel=1e-5)
    assert last["val_accuracy"] == float((probabilities.argmax(1) == val.targets).float().mean())
    assert last["val_auc"] == pytest.approx(roc_auc_score(val.targets == 0, probabilities[:, 0]))
    missed = (probabilities[:, 0] < 0.5)[val.targets == 0]
    assert last["val_fnr"] == pytest.approx(float(missed.float().mean()))


def test_every_step_is_told():
    reporter, _, _ = trained(epochs=2)
    assert reporter.steps == [(epoch, step, 6, 8) for epoch in (1, 2) for step in range(1, 7)]


def test_the_best_epoch_is_that_of_the_lowest_validation_loss():
    reporter, result, _ = trained(epochs=8, learning_rate=2e-2)
    losses = [row["val_loss"] for row in reporter.progresses[-1].history]
    assert result.best_epoch == losses.index(min(losses)) + 1
    assert reporter.improved == [loss < min(losses[:i], default=math.inf) for i, loss in enumerate(losses)]


@pytest.mark.parametrize(
    ("best_by", "worth"),
    [("val_loss", lambda row: -row["val_loss"]), ("val_auc", lambda row: row["val_auc"])],
)
def test_the_best_epoch_is_what_the_config_calls_best(best_by, worth):
    reporter, result, _ = trained(epochs=6, learning_rate=2e-2, best_by=best_by)
    history = reporter.progresses[-1].history
    assert worth(history[result.best_epoch - 1]) == max(map(worth, history))


def test_the_last_epoch_is_kept_if_so_set():
    reporter, result, _ = trained(epochs=4, learning_rate=2e-2, best_by="last", patience=1)
    assert (result.epochs, result.best_epoch) == (4, 4)
    assert reporter.improved == [True] * 4


def test_by_missed_the_best_epoch_misses_fewest_at_the_same_false_alarms():
    reporter, result, _ = trained(epochs=6, learning_rate=2e-2, best_by="val_fnr")
    history = reporter.progresses[-1].history
    best = history[result.best_epoch - 1]
    assert best["val_fnr_at_fpr"] == min(row["val_fnr_at_fpr"] for row in history)
    alike = [row for row in history if row["val_fnr_at_fpr"] == best["val_fnr_at_fpr"]]
    assert best["val_loss"] == min(row["val_loss"] for row in alike)


def test_training_stops_early_after_patience_epochs_without_a_better_one():
    reporter, result, _ = trained(epochs=30, learning_rate=1e-12, patience=3)
    assert not result.stopped
    assert result.epochs == result.best_epoch + 3 < 30
    losses = [row["val_loss"] for row in reporter.progresses[-1].history]
    assert min(losses[result.best_epoch :]) >= losses[result.best_epoch - 1]


def test_a_request_to_stop_is_met_after_the_step_at_hand():
    config = TrainingConfig(**QUICK)
    reporter = Recorder(stop_after_step=8)
    result = run(network_for(config), config, reporter)
    assert result.stopped
    assert (result.epochs, len(reporter.progresses), len(reporter.steps)) == (1, 1, 8)


def test_a_stop_before_the_first_epoch_leaves_no_best_epoch():
    config = TrainingConfig(**QUICK)
    result = run(network_for(config), config, Recorder(stop_after_step=1))
    assert (result.epochs, result.best_epoch, result.stopped) == (0, 0, True)


@pytest.mark.parametrize("freeze", ["stage2", "backbone"])
def test_frozen_modules_keep_their_weights_and_batch_statistics(freeze):
    config = TrainingConfig(**(QUICK | {"freeze": freeze}))
    network = network_for(config, backbone="resnet10t")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    held = ("conv1", "bn1", "layer1", "layer2") + (("layer3", "layer4") if freeze == "backbone" else ())
    run(network, config, Recorder())
    for name, tensor in network.state_dict().items():
        if name.startswith(held):
            assert torch.equal(tensor, before[name]), name
        elif name.endswith(("weight", "running_mean")):
            assert not torch.equal(tensor, before[name]), name


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dropout": 0.5},
        {"optimizer": "sgd", "schedule": "step", "weight_decay": 0.0},
        {"schedule": "constant", "label_smoothing": 0.1, "class_weights": True},
        {"freeze": "stage2", "unfreeze_epoch": 3, "warmup_epochs": 2},
        {"average": 0.9, "mixup": 0.4, "cutmix": 1.0, "noise": 0.1, "clip_norm": 1.0},
        {"loss": "focal", "schedule": "linear", "erase": 0.5, "test_flip": True},
        {"loss": "binary", "optimizer": "adamax", "schedule": "cosine"},
    ],
    ids=lambda settings: "-".join(settings) or "plain",
)
def test_going_on_after_any_epoch_gives_the_weights_of_an_uninterrupted_training(settings):
    config = TrainingConfig(**(QUICK | settings))
    whole = network_for(config)
    reporter = Recorder()
    run(whole, config, reporter)
    for finished in (1, 3):
        torch.manual_seed(99)
        resumed = build_network(config.backbone, classes=2, dropout=config.dropout)
        again = Recorder()
        progress = copy.deepcopy(reporter.progresses[finished - 1])
        result = run(resumed, config, again, progress=progress)
        assert same(resumed.state_dict(), whole.state_dict())
        assert result.epochs == config.epochs
        told = [{**row, "seconds": 0} for row in again.progresses[-1].history]
        assert told == [{**row, "seconds": 0} for row in reporter.progresses[-1].history]


def test_progress_of_a_finished_training_trains_no_further():
    reporter, _, network = trained(epochs=2)
    config = TrainingConfig(**(QUICK | {"epochs": 2}))
    again = Recorder()
    resumed = network_for(config)
    result = run(resumed, config, again, progress=reporter.progresses[-1])
    assert (result.epochs, again.steps) == (2, [])
    assert same(resumed.state_dict(), network.state_dict())


def test_the_same_seed_gives_the_same_training_and_another_seed_another():
    first, second, third = trained(epochs=2)[2], trained(epochs=2)[2], trained(epochs=2, seed=1)[2]
    assert same(first.state_dict(), second.state_dict())
    assert not same(first.state_dict(), third.state_dict())


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_training_that_diverges_says_so_with_what_to_do(optimizer):
    config = TrainingConfig(
        **(QUICK | {"learning_rate": 1e6, "optimizer": optimizer, "warmup_epochs": 0, "epochs": 20})
    )
    with pytest.raises(DivergedError) as caught:
        run(network_for(config), config, Recorder())
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(("the training loss became ", "the network's outputs on validation are no longer numbers"))
    assert "at learning_rate 1e+06; train again with a lower one, for instance 100000" in text


def test_a_loss_that_is_nan_is_told_with_where_it_was():
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2))

        def forward(self, scans: Tensor) -> Tensor:
            return scans.mean((1, 2, 3))[:, None] * self.weight * math.nan

    config = TrainingConfig(**QUICK)
    with pytest.raises(DivergedError) as caught:
        run(Broken(), config, Recorder())
    assert str(caught.value) == (
        "the training loss became nan in epoch 1, step 1, at learning_rate 0.003; "
        "train again with a lower one, for instance 0.0003, or with clip_norm=1"
    )


def test_class_weights_count_rare_classes_as_much_as_common_ones():
    class Constant(nn.Module):
        """One pair of logits for every scan; its best loss tells how the classes are weighed."""

        num_classes = 2

        def __init__(self) -> None:
            super().__init__()
            self.logits = nn.Parameter(torch.zeros(2))

        def forward(self, scans: Tensor) -> Tensor:
            return self.logits.expand(len(scans), 2)

    rare = ScanSplit(split(48).pixels, (torch.arange(48) % 8 > 0).long())  # 6 of class 0, 42 of class 1
    shares = {}
    for weighed in (False, True):
        config = TrainingConfig(
            **(
                QUICK
                | {"class_weights": weighed, "epochs": 40, "learning_rate": 0.1, "batch_size": 48, "weight_decay": 0.0}
            )
        )
        network = Constant()
        run(network, config, Recorder(), train=rare, frozen=())
        shares[weighed] = float(network.logits.detach().softmax(0)[0])
    assert shares[False] == pytest.approx(6 / 48, abs=0.05)
    assert shares[True] == pytest.approx(0.5, abs=0.02)


def test_nothing_left_to_train_is_told():
    network = network_for(TrainingConfig(**QUICK))
    with pytest.raises(ConfigError, match="found all of test_resnet frozen by freeze='stage2'; set freeze=none"):
        run(network, TrainingConfig(**(QUICK | {"freeze": "stage2"})), Recorder(), frozen=[network])


@pytest.mark.parametrize("optimizer", ["", "fastest"])
def test_an_unknown_optimizer_is_told(optimizer):
    config = TrainingConfig(**(QUICK | {"optimizer": optimizer}))
    with pytest.raises(ConfigError, match=f"expected a timm optimizer, found '{optimizer}'; for instance adamw"):
        run(network_for(config), config, Recorder())


def test_bf16_learns_too():
    config = TrainingConfig(**QUICK)
    reporter = Recorder()
    run(network_for(config), config, reporter, precision="bf16")
    history = reporter.progresses[-1].history
    assert history[-1]["train_loss"] < history[0]["train_loss"]


def test_a_network_is_trained_in_place_and_left_at_its_last_epoch():
    reporter, _, network = trained(epochs=2)
    assert same(network.state_dict(), reporter.progresses[-1].network)


class Narrow(nn.Module):
    """A network without batch statistics, for which more than `room` scans at a time are too many."""

    def __init__(self, room: int, error: type[Exception] = MemoryError) -> None:
        super().__init__()
        self.room, self.error = room, error
        self.layer = nn.Linear(32 * 32, 2)

    def forward(self, scans: Tensor) -> Tensor:
        if len(scans) > self.room:
            raise self.error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return self.layer(scans.flatten(1))


@pytest.mark.parametrize("error", [MemoryError, RuntimeError, torch.OutOfMemoryError])
def test_when_memory_runs_out_batches_go_through_in_parts_with_the_same_outcome(error):
    config = TrainingConfig(**(QUICK | {"epochs": 2}))
    torch.manual_seed(0)
    wide, narrow = Narrow(1000), Narrow(3, error)
    narrow.load_state_dict(wide.state_dict())
    run(wide, config, Recorder(), frozen=())
    reporter = Recorder()
    run(narrow, config, reporter, frozen=())
    assert reporter.micro_batches == [4, 2]
    assert len(reporter.steps) == 12
    torch.testing.assert_close(narrow.layer.weight, wide.layer.weight)


def test_a_scan_that_does_not_fit_by_itself_is_told():
    config = TrainingConfig(**QUICK)
    with pytest.raises(WorkError, match="not even one scan fits"):
        run(Narrow(0), config, Recorder(), frozen=())


def test_another_error_is_not_taken_for_missing_memory():
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2))

        def forward(self, scans: Tensor) -> Tensor:
            raise RuntimeError("shapes do not match")

    reporter = Recorder()
    with pytest.raises(RuntimeError, match="shapes do not match"):
        run(Broken(), TrainingConfig(**QUICK), reporter, frozen=())
    assert reporter.micro_batches == []


def test_a_frozen_part_thaws_in_the_epoch_the_config_says():
    config = TrainingConfig(**(QUICK | {"freeze": "stage2", "unfreeze_epoch": 3}))
    network = network_for(config, backbone="resnet10t")
    kept: list[Tensor] = []
    run(
        network,
        config,
        Recorder(on_epoch=lambda progress: kept.append(progress.network["layer1.0.conv1.weight"].clone())),
    )
    assert torch.equal(kept[0], kept[1])
    assert not torch.equal(kept[1], kept[2])


def test_the_average_is_what_validation_sees_and_what_is_kept():
    reporter, _, _ = trained(average=0.9)
    last = reporter.progresses[-1]
    assert same(last.judged, last.average)
    assert not same(last.average, last.network)
    averaged = network_for(TrainingConfig(**QUICK))
    averaged.load_state_dict(last.average)
    val = split(16, seed=1)
    expected = float(functional.nll_loss(probabilities_of(averaged, val.pixels).log(), val.targets))
    assert last.history[-1]["val_loss"] == pytest.approx(expected, rel=1e-4)


def test_gradients_are_clipped_to_the_norm_that_is_set():
    config = TrainingConfig(**(QUICK | {"epochs": 1, "clip_norm": 0.01, "optimizer": "sgd", "weight_decay": 0.0}))
    network = network_for(config)
    before = torch.cat([p.detach().flatten().clone() for p in network.parameters()])
    run(network, config, Recorder(stop_after_step=1))
    moved = torch.cat([p.detach().flatten() for p in network.parameters()]) - before
    assert 0 < float(moved.norm()) <= config.learning_rate * 0.01 * 2.5  # timm's sgd has Nesterov's momentum


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_warms_up_and_stays_within_the_peak(schedule):
    reporter, _, _ = trained(schedule=schedule, epochs=6, warmup_epochs=2)
    rates = [row["learning_rate"] for row in reporter.progresses[-1].history]
    assert rates[0] < rates[1] < QUICK["learning_rate"] * 1.0001
    assert max(rates) <= QUICK["learning_rate"] * 1.0001
    if schedule in ("cosine", "step", "linear"):
        assert rates[-1] < max(rates)


def test_a_scan_and_its_mirror_image_count_alike_if_so_set():
    plain, flipped = (trained(test_flip=flip, epochs=1)[0].progresses[-1] for flip in (False, True))
    assert same(plain.network, flipped.network)
    network = network_for(TrainingConfig(**QUICK))
    network.load_state_dict(flipped.network)
    val = split(16, seed=1)
    both = (probabilities_of(network, val.pixels) + probabilities_of(network, val.pixels.flip(2))) / 2
    assert flipped.history[-1]["val_loss"] == pytest.approx(
        float(functional.nll_loss(both.log(), val.targets)), rel=1e-4
    )
    assert flipped.history[-1]["val_loss"] != plain.history[-1]["val_loss"]


def test_the_binary_loss_is_what_validation_reports_of_such_a_training():
    reporter, _, network = trained(loss="binary", epochs=2)
    val = split(16, seed=1)
    with torch.inference_mode():
        logits = network.eval()(InputForm(0.5, 0.25).of(val.pixels, CPU))
    wanted = functional.one_hot(val.targets, 2).float()
    expected = float(functional.binary_cross_entropy_with_logits(logits, wanted))
    assert reporter.progresses[-1].history[-1]["val_loss"] == pytest.approx(expected, rel=1e-4)
