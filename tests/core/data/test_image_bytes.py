"""A file in memory is read as the same file on disk, and refused for the same reasons."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.images import inspect_scan, read_scan, read_scan_bytes
from core.errors import DatasetError


def png(mode: str, size: tuple[int, int] = (30, 20)) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (*size[::-1], 4), dtype=np.uint8)
    Image.fromarray(noise, "RGBA").convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
def test_bytes_give_the_pixels_of_the_file(tmp_path: Path, mode: str) -> None:
    content = png(mode)
    (tmp_path / "scan.png").write_bytes(content)
    np.testing.assert_array_equal(read_scan_bytes(content, "scan.png"), read_scan(tmp_path / "scan.png"))


@pytest.mark.parametrize(
    "content",
    [b"", b"no image", png("L")[:100], png("L", (8, 8)), b"\0" * 128 + b"DICM" + b"\0" * 40],
    ids=["empty", "text", "cut", "small", "dicom"],
)
def test_bad_bytes_have_the_problem_of_the_bad_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    expected = inspect_scan(tmp_path / "bad.png")[0].problem
    assert expected
    with pytest.raises(DatasetError) as caught:
        read_scan_bytes(content, "bad.png")
    assert str(caught.value) == expected


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a\0b.png", "x" * 5000])
def test_the_name_is_never_opened(name: str) -> None:
    assert read_scan_bytes(png("L"), name).shape == (20, 30)
