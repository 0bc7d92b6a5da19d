"""`keras-notebook` for 20 epochs, the frozen backbone run once, over the same recipe in Keras.

`python -m benchmarks.frozen_backbone PYTHON`, where PYTHON has `tensorflow-cpu` (installed in a virtual environment
of its own). Keras runs `KERAS_EPOCHS` epochs, the first left out, as it compiles; all epochs are alike.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import torch

from benchmarks.measured import HEADER, Measured
from core.models.build import build_network, placed
from core.models.freezing import frozen_modules
from core.models.inputs import InputForm
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import TrainingConfig, with_settings
from core.training.features import FeatureLessons
from core.training.fit import fit
from core.training.presets import preset_named
from core.training.reporting import RunReporter

SCANS, CLASSES, EPOCHS, KERAS_EPOCHS = 1_984, 2, 20, 4


def main(keras_python: str) -> int:
    """Print the row of the table; exit status 1 where the goal is missed."""
    config = with_settings(preset_named("keras-notebook").config, {"epochs": EPOCHS, "patience": EPOCHS})
    script = Path(__file__).with_name("keras_recipe.py")
    arguments = [keras_python, str(script), *map(str, (SCANS, config.image_size, CLASSES, KERAS_EPOCHS))]
    ours = _ours(config)
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    an_epoch = median(json.loads(done.stdout.splitlines()[-1])["seconds"][1:])
    measured = Measured(
        f"`keras-notebook`, {SCANS:,} scans, {EPOCHS} epochs, weights and progress written down: over Keras",
        ours,
        an_epoch * EPOCHS,
        "s",
        0.1,
        goal_is_least=False,
    )
    print(HEADER, measured.line(), sep="\n")
    return 0 if measured.kept else 1


def _ours(config: TrainingConfig) -> float:
    from core.runs import create_run

    generator = torch.Generator().manual_seed(0)
    side = config.image_size
    pixels = torch.randint(0, 256, (SCANS, side, side), dtype=torch.uint8, generator=generator)
    scans = ScanSplit(pixels, torch.arange(SCANS) % CLASSES)
    val = ScanSplit(pixels[:64], scans.targets[:64])
    network = placed(
        build_network(config.backbone, classes=CLASSES, head=config.head, dropout=config.dropout, image_size=side),
        torch.device("cpu"),
    )
    with tempfile.TemporaryDirectory() as name:
        run = create_run(Path(name), config=config.to_json(), data=Path(name), preset="keras-notebook")
        reporter = RunReporter(run, None)
        started = time.perf_counter()
        lessons = ScanLessons(
            scans, val, classes=CLASSES, form=InputForm(0.5, 0.25), config=config, device=torch.device("cpu")
        )
        fit(
            network,
            FeatureLessons(lessons, network, config, folder=run.folder, progress=reporter.preparing),
            positive_class=1,
            classes=CLASSES,
            frozen=frozen_modules(network, config.freeze),
            config=config,
            device=torch.device("cpu"),
            precision="fp32",
            reporter=reporter,
        )
        return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
