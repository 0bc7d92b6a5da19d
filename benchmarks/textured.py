"""Files to index and to decode: noise with the grain of a scan, never one of a patient."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from core.data.parallel import each_in_threads

SIDE, TEXTURES = 512, 16


def write_textured(folder: Path, count: int) -> list[Path]:
    """`count` different files of 512 x 512 px in two class folders: grey PNG and JPEG, and a few in colour."""
    rng = np.random.default_rng(0)
    textures = []
    for _ in range(TEXTURES):
        coarse = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE)), (0, 0), 6) * 400
        textures.append(np.clip(110 + coarse + rng.normal(0, 6, (SIDE, SIDE)), 0, 255).astype(np.uint8))
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True)

    def write(number: int) -> Path:
        image = Image.fromarray(np.roll(textures[number % TEXTURES], number, axis=1))
        if number % 8 == 3:
            image = image.convert("RGB")
        path = folder / "ab"[number // 2 % 2] / f"{number}.{'png' if number % 2 else 'jpg'}"
        image.save(path, **({"compress_level": 3} if number % 2 else {"quality": 85}))
        return path

    return list(each_in_threads(write, range(count)))
