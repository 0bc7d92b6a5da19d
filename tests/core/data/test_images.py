"""Any file may turn up in a dataset: it is read as grey, or said in one line why not."""

import hashlib
import io
import os
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.data.images import ScanFacts, inspect_scan, read_scan, read_scan_bytes, resize_scan
from core.data.refusals import MIN_SIDE_PX, NOT_AN_IMAGE, TOO_LARGE
from core.errors import DatasetError

NOISE = np.random.default_rng(0).integers(0, 256, (24, 32), dtype=np.uint8)  # (h, w)


def encoded(pixels, *, mode=None, format="PNG", **options):
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, format, **options)
    return buffer.getvalue()


def file_with(folder, content, name="scan.png"):
    path = folder / name
    path.write_bytes(content)
    return path


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + data + png_chunk(b"IEND", b"")


def with_alpha(grey, alpha):
    return np.dstack([grey, grey, grey, np.broadcast_to(alpha, grey.shape)]).astype(np.uint8)


# --- what is read ---


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_grey_comes_back_unchanged(tmp_path, format):
    path = file_with(tmp_path, encoded(NOISE, format=format))
    assert np.array_equal(read_scan(path), NOISE)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(MIN_SIDE_PX, 150), width=st.integers(MIN_SIDE_PX, 150), in_pieces=st.booleans())
def test_pixels_outlive_their_image_at_any_size(height, width, in_pieces):
    pixels = np.random.default_rng(height * width).integers(0, 256, (height, width), dtype=np.uint8)
    usual = Image.core.get_block_size()
    Image.core.set_block_size(4096 if in_pieces else usual)  # Pillow keeps what is larger in several blocks
    try:
        found = [read_scan_bytes(encoded(pixels, mode=mode), "scan.png") for mode in ("L", "RGB")]
        Image.new("L", (width, height), 255)  # in the memory of the images, if they had given it back
    finally:
        Image.core.set_block_size(usual)
    assert all(np.array_equal(grey, pixels) for grey in found)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_grey_stored_in_another_mode_is_the_same_grey(tmp_path, mode):
    path = file_with(tmp_path, encoded(NOISE, mode=mode))
    assert np.array_equal(read_scan(path), NOISE)
    assert inspect_scan(path)[0].mode == mode


def test_content_counts_and_the_extension_does_not(tmp_path):
    path = file_with(tmp_path, encoded(NOISE, format="JPEG", quality=95), "really_a_jpeg.png")
    assert inspect_scan(path)[0].format == "JPEG"
    assert inspect_scan(path)[0].problem == ""
    assert np.abs(read_scan(path).astype(int) - NOISE).mean() < 10


@pytest.mark.parametrize("alpha", [0, 1, 100, 254, 255])
def test_transparency_lies_on_black(tmp_path, alpha):
    path = file_with(tmp_path, encoded(with_alpha(NOISE, alpha)))
    assert np.abs(read_scan(path) - NOISE * (alpha / 255)).max() <= 1


def test_a_transparent_palette_colour_is_black(tmp_path):
    pixels = np.full((20, 20), 200, np.uint8)
    pixels[:10] = 90
    image = Image.fromarray(pixels).convert("P")
    image.save(tmp_path / "scan.png", transparency=int(np.asarray(image)[0, 0]))
    assert set(read_scan(tmp_path / "scan.png")[:10].ravel()) == {0}
    assert set(read_scan(tmp_path / "scan.png")[10:].ravel()) == {200}


def test_one_bit_becomes_black_and_white(tmp_path):
    path = file_with(tmp_path, encoded(NOISE > 127))
    assert inspect_scan(path)[0].mode == "1"
    assert np.array_equal(read_scan(path), np.where(NOISE > 127, 255, 0))


def test_cmyk_jpeg_keeps_light_light(tmp_path):
    pixels = np.full((32, 32, 3), 230, np.uint8)
    pixels[:16] = 20
    path = file_with(tmp_path, encoded(pixels, mode="CMYK", format="JPEG", quality=95), "scan.jpg")
    assert inspect_scan(path)[0].mode == "CMYK"
    assert read_scan(path)[20:].mean() == pytest.approx(230, abs=6)
    assert read_scan(path)[:12].mean() == pytest.approx(20, abs=6)


def test_16_bit_png_is_scaled_over_its_own_range(tmp_path):
    pixels = np.full((16, 16), 1000, np.uint16)
    pixels[0, 0], pixels[0, 1] = 3000, 2000
    path = file_with(tmp_path, encoded(pixels))
    assert inspect_scan(path)[0].mode.startswith("I")
    grey = read_scan(path)
    assert (grey[0, 0], grey[0, 1], grey[5, 5]) == (255, 128, 0)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_32_bit_tiff_is_scaled_over_its_own_range(tmp_path, dtype):
    pixels = np.linspace(-1000, 3000, 400).reshape(20, 20).astype(dtype)
    grey = read_scan(file_with(tmp_path, encoded(pixels, format="TIFF")))
    assert (grey.min(), grey.max()) == (0, 255)
    assert np.all(np.diff(grey.ravel().astype(int)) >= 0)


def test_values_that_are_no_numbers_do_not_spoil_the_others(tmp_path):
    pixels = np.linspace(0, 1, 400).reshape(20, 20).astype(np.float32)
    pixels[3, 3], pixels[4, 4], pixels[5, 5] = np.nan, np.inf, -np.inf
    grey = read_scan(file_with(tmp_path, encoded(pixels, format="TIFF")))
    assert (grey[3, 3], grey[4, 4], grey[5, 5]) == (0, 255, 0)
    assert (grey[0, 0], grey[19, 19]) == (0, 255)


def test_a_single_16_bit_value_is_black(tmp_path):
    grey = read_scan(file_with(tmp_path, encoded(np.full((16, 16), 777, np.uint16))))
    assert not grey.any()


@pytest.mark.parametrize("format", ["GIF", "TIFF", "WEBP"])
def test_of_several_frames_the_first_is_read(tmp_path, format):
    frames = [Image.fromarray(np.full((20, 20), value, np.uint8)) for value in (60, 160, 250)]
    options = {"lossless": True} if format == "WEBP" else {}
    frames[0].save(tmp_path / "scan", format, save_all=True, append_images=frames[1:], **options)
    assert inspect_scan(tmp_path / "scan")[0].problem == ""
    assert set(read_scan(tmp_path / "scan").ravel()) == {60}


def upright_by_hand(stored, orientation):
    """What EXIF 2.3 says about each orientation, in NumPy."""
    return {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.T,
        6: np.rot90(stored, -1),
        7: stored[::-1, ::-1].T,
        8: np.rot90(stored),
    }[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    block = np.kron(np.array([[0, 80, 160], [255, 40, 120]], np.uint8), np.ones((16, 16), np.uint8))
    path = file_with(tmp_path, encoded(block, format="JPEG", quality=100, exif=exif))
    expected = upright_by_hand(block, orientation)
    assert read_scan(path).shape == expected.shape
    assert np.abs(read_scan(path).astype(int) - expected).max() < 10
    assert (inspect_scan(path)[0].height, inspect_scan(path)[0].width) == expected.shape


def test_garbled_exif_does_not_cost_the_scan(tmp_path):
    path = file_with(tmp_path, encoded(NOISE, format="JPEG", exif=b"Exif\0\0" + b"II*\0\xff\xff\xff\x7f junk"))
    assert inspect_scan(path)[0].problem == ""
    assert read_scan(path).shape == NOISE.shape


def test_inspect_tells_what_the_file_is(tmp_path):
    content = encoded(NOISE)
    (facts,) = inspect_scan(file_with(tmp_path, content))
    assert facts == ScanFacts(
        width=32,
        height=24,
        mode="L",
        format="PNG",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        pixels=xxhash.xxh3_128_hexdigest(b"24x32" + NOISE.tobytes()),
        metadata="bits=8",
    )


# --- what is not ---


HOSTILE = {
    "empty": (b"", "empty file (0 bytes)"),
    "text": (b"this is no picture at all\n" * 10, NOT_AN_IMAGE),
    "html": (b"<!DOCTYPE html><title>404</title>" * 9, NOT_AN_IMAGE),
    "png signature only": (b"\x89PNG\r\n\x1a\n", NOT_AN_IMAGE),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", NOT_AN_IMAGE),
    "gigantic": (png_claiming(100_000, 100_000), TOO_LARGE),
    "just too large": (png_claiming(8_001, 8_001), TOO_LARGE),
    "tiny": (encoded(NOISE[:15]), "too small: 32 x 15 px, at least 16 x 16 are needed"),
    "pixels missing": (
        png_claiming(100, 100),
        "damaged or cut off: image file is truncated (0 bytes not processed)",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_gets_its_reason(tmp_path, name):
    content, problem = HOSTILE[name]
    path = file_with(tmp_path, content)
    assert inspect_scan(path)[0].problem == problem
    with pytest.raises(DatasetError) as raised:
        read_scan(path)
    assert str(raised.value) == f"{path}: {problem}"


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_file_is_damaged(tmp_path, format, share):
    content = encoded(np.kron(NOISE, np.ones((4, 4), np.uint8)), format=format)
    (facts,) = inspect_scan(file_with(tmp_path, content[: int(len(content) * share)]))
    assert facts.problem.startswith("damaged or cut off: ")
    assert (facts.width, facts.height, facts.format) == (128, 96, format)


def test_the_smallest_usable_scan_is_16_px(tmp_path):
    square = NOISE[:MIN_SIDE_PX, :MIN_SIDE_PX]
    assert inspect_scan(file_with(tmp_path, encoded(square)))[0].problem == ""


def test_size_is_refused_before_decoding(tmp_path, monkeypatch):
    def decode(image):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    assert inspect_scan(file_with(tmp_path, png_claiming(9_000, 9_000)))[0].problem == TOO_LARGE


def test_a_path_with_nothing_behind_it(tmp_path):
    assert inspect_scan(tmp_path / "gone.png") == (ScanFacts(problem="not found: there is no such file"),)
    assert inspect_scan(tmp_path)[0].problem == "a folder, not a file"
    assert inspect_scan(f"{tmp_path}/a\0b")[0].problem == "cannot be opened: embedded null byte"


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "scan.png")
    assert inspect_scan(tmp_path / "scan.png")[0].problem == "not a plain file"


def test_a_file_without_read_rights(tmp_path, monkeypatch):
    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    path = file_with(tmp_path, encoded(NOISE))
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert inspect_scan(path)[0].problem == "cannot be opened: Permission denied"


def test_a_file_that_the_system_gives_in_parts_is_read_wholly(tmp_path, monkeypatch):
    class Halves(io.BytesIO):
        def read(self, size=-1):
            return super().read(size // 2 if size > 0 else size)

    path = file_with(tmp_path, encoded(NOISE))
    monkeypatch.setattr("pathlib.Path.open", lambda path, *args, **kwargs: Halves(encoded(NOISE)))
    assert inspect_scan(path)[0].sha256 == hashlib.sha256(encoded(NOISE)).hexdigest()


def test_a_file_larger_than_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("core.data.file_content.MAX_FILE_MIB", 0)
    (facts,) = inspect_scan(file_with(tmp_path, encoded(NOISE)))
    assert facts.problem == "too large: more than the 0 MiB that are read"
    assert facts.sha256 == ""


# --- warnings ---


def warning_tiff():
    """A TIFF whose text tag claims more bytes than the file has, which Pillow warns about."""
    content = bytearray(encoded(NOISE, format="TIFF", description="x" * 50))
    at = content.index(struct.pack("<HH", 270, 2))
    content[at + 4 : at + 8] = struct.pack("<I", 10**6)
    return bytes(content)


def test_pillow_warns_about_the_tiff_used_here(tmp_path):
    with (
        pytest.warns(UserWarning, match="larger than file"),
        Image.open(file_with(tmp_path, warning_tiff())) as image,
    ):
        image.load()


def test_reading_in_threads_is_quiet_and_leaves_the_filters_alone(tmp_path):
    path = file_with(tmp_path, warning_tiff())
    before = list(warnings.filters)
    problems = []

    def read_often():
        problems.extend(inspect_scan(path)[0].problem for _ in range(20))

    threads = [threading.Thread(target=read_often) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(problems) == 120
    assert set(problems) == {""}
    assert warnings.filters == before


# --- resizing ---


@given(h=st.integers(1, 90), w=st.integers(1, 90), size=st.integers(1, 64), value=st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_resizing_keeps_an_even_scan_even(h, w, size, value):
    resized = resize_scan(np.full((h, w), value, np.uint8), size)
    assert resized.shape == (size, size)
    assert resized.dtype == np.uint8
    assert set(resized.ravel()) == {value}


@given(seed=st.integers(0, 99), size=st.integers(1, 8), down=st.integers(1, 6), across=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_shrinking_takes_the_mean_of_each_area(seed, size, down, across):
    pixels = np.random.default_rng(seed).integers(0, 256, (size * down, size * across), dtype=np.uint8)
    means = pixels.reshape(size, down, size, across).mean(axis=(1, 3))
    assert np.abs(resize_scan(pixels, size) - means).max() <= 1


def test_a_side_that_grows_does_not_spoil_the_average_of_the_other():
    stripes = np.zeros((8, 256), np.uint8)
    stripes[:, ::2] = 200  # finer than the target: only an average gets 100
    assert np.abs(resize_scan(stripes, 32).astype(int) - 100).max() <= 1


def test_a_scan_of_the_right_size_is_left_alone():
    assert np.array_equal(resize_scan(NOISE[:, :24], 24), NOISE[:, :24])


def test_resizing_refuses_what_is_no_scan():
    with pytest.raises(ValueError, match="size must be at least 1 px, got 0"):
        resize_scan(NOISE, 0)
    with pytest.raises(ValueError, match=r"pixels must have the shape \(h, w\), got \(2, 2, 3\)"):
        resize_scan(np.zeros((2, 2, 3), np.uint8), 8)
