"""The recipe of the preset `keras-notebook` in Keras itself: seconds an epoch. Run by `benchmarks.frozen_backbone`.

It runs under another Python, in a virtual environment with `tensorflow-cpu`, and imports nothing of this project.
Weights are random: the pace does not depend on them.
"""

import json
import sys
import time

import keras
import numpy as np


def main(scans: int, side: int, classes: int, epochs: int) -> None:
    """Print one JSON object with the seconds of each epoch."""
    rng = np.random.default_rng(0)
    pictures = rng.random((scans, side, side, 3), dtype=np.float32)
    targets = keras.utils.to_categorical(np.arange(scans) % classes, classes)
    backbone = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(side, side, 3))
    backbone.trainable = False
    network = keras.Sequential(
        [
            backbone,
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(classes, activation="sigmoid"),
        ]
    )
    network.compile(optimizer=keras.optimizers.Adamax(1e-3), loss="binary_crossentropy", metrics=["accuracy"])
    seconds: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, _epoch: int, _logs: object = None) -> None:
            self.started = time.perf_counter()

        def on_epoch_end(self, _epoch: int, _logs: object = None) -> None:
            seconds.append(time.perf_counter() - self.started)

    network.fit(pictures, targets, epochs=epochs, batch_size=32, verbose=0, callbacks=[Clock()])
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
