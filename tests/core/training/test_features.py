from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.errors import WorkError
from core.models.build import build_network
from core.models.freezing import frozen_modules
from core.models.inputs import InputForm
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import TrainingConfig
from core.training.features import FeatureLessons, keeps_features

CPU = torch.device("cpu")
FROZEN = {"backbone": "resnet10t", "image_size": 32, "freeze": "backbone", "batch_size": 8}
STILL = {"rotation_degrees": 0.0, "zoom": 0.0, "shift": 0.0, "flip": False}


def split(count: int, seed: int) -> ScanSplit:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 32, 32), dtype=torch.uint8, generator=generator)
    return ScanSplit(pixels, torch.arange(count) % 2)


def network_for(config: TrainingConfig) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_network(
        config.backbone, classes=2, head=config.head, dropout=config.dropout, image_size=config.image_size
    )


def both(folder: Path, **settings) -> tuple[torch.nn.Module, ScanLessons, FeatureLessons]:
    config = TrainingConfig(**(FROZEN | settings))
    network = network_for(config)
    scans = ScanLessons(split(24, 0), split(10, 1), classes=2, form=InputForm(0.5, 0.25), config=config, device=CPU)
    told: list[tuple[int, int]] = []
    features = FeatureLessons(
        scans, network, config, folder=folder, progress=lambda _, done, total: told.append((done, total))
    )
    assert told[-1][0] == told[-1][1] == max(config.feature_copies, 1) * 24 + 10 * (1 + config.test_flip)
    return network, scans, features


def answers(lessons, network: torch.nn.Module, epoch: int) -> Tensor:
    with torch.inference_mode():
        return torch.cat([lessons.logits(network, inputs) for inputs, _ in lessons.epoch(epoch)])


@pytest.mark.parametrize("head", ["linear", "dense1024", "flatten"])
def test_kept_features_give_what_the_whole_network_gives(tmp_path, head):
    network, scans, features = both(tmp_path, head=head, dropout=0.5, test_flip=True, **STILL)
    network.eval()
    torch.testing.assert_close(answers(features, network, 3), answers(scans, network, 3), rtol=1e-4, atol=1e-5)
    for kept, whole in zip(features.val_logits(network, 4), scans.val_logits(network, 4), strict=True):
        torch.testing.assert_close(kept, whole, rtol=1e-4, atol=1e-5)
    for (_, kept), (_, whole) in zip(features.epoch(3), scans.epoch(3), strict=True):
        assert torch.equal(kept, whole)


def test_dropout_works_on_kept_features_while_training(tmp_path):
    network, _, features = both(tmp_path, dropout=0.9, **STILL)
    network.train()
    assert not torch.equal(answers(features, network, 1), answers(features, network, 1))
    network.eval()
    assert torch.equal(answers(features, network, 1), answers(features, network, 1))


def test_epochs_take_the_augmented_copies_in_turn(tmp_path):
    network, _, features = both(tmp_path, rotation_degrees=30.0, feature_copies=2)
    network.eval()

    def by_scan(epoch: int) -> Tensor:
        found = torch.cat([inputs for inputs, _ in features.epoch(epoch)])
        return found.sum(1).sort().values

    torch.testing.assert_close(by_scan(1), by_scan(3))
    assert not torch.allclose(by_scan(1), by_scan(2))
    assert "2 augmented copies" in features.says


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: Path("/dev/full").open("wb"))  # noqa: SIM115
    with pytest.raises(WorkError, match=r"cannot keep the features of the frozen backbone in .*: No space left"):
        both(tmp_path, **STILL)


def test_nothing_is_left_on_disk(tmp_path):
    both(tmp_path, **STILL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (STILL, True),
        ({}, False),
        ({"feature_copies": 3}, True),
        (STILL | {"freeze": "stage4"}, False),
        (STILL | {"unfreeze_epoch": 2}, False),
        (STILL | {"mixup": 0.2}, False),
        ({"cutmix": 0.2, "feature_copies": 3}, False),
    ],
)
def test_features_are_kept_only_where_that_is_what_the_config_asks_for(settings, kept):
    config = TrainingConfig(**(FROZEN | settings))
    assert keeps_features(config, network_for(config)) == kept


def test_a_head_learns_from_kept_features_and_the_backbone_stays(tmp_path):
    from core.training.fit import fit

    class Silent:
        def step(self, **_):
            pass

        def epoch(self, *_, **__):
            pass

        def stop_requested(self):
            return False

    network, _, features = both(tmp_path, learning_rate=0.05, epochs=12, warmup_epochs=0, **STILL)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    config = TrainingConfig(**(FROZEN | STILL | {"learning_rate": 0.05, "epochs": 12, "warmup_epochs": 0}))
    fit(
        network,
        features,
        positive_class=1,
        classes=2,
        frozen=frozen_modules(network, "backbone"),
        config=config,
        device=CPU,
        precision="fp32",
        reporter=Silent(),  # type: ignore[arg-type]
    )
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"fc.weight", "fc.bias"}
