"""Odd kinds of image files: several frames, inverted colours, other bits; and what is said about them."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from core.data.images import inspect_scan, read_scan, read_scan_bytes

NOISE = np.random.default_rng(0).integers(0, 256, (24, 32), dtype=np.uint8)  # (h, w)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def facts_of(tmp_path, content):
    (tmp_path / "scan").write_bytes(content)
    (facts,) = inspect_scan(tmp_path / "scan")
    return facts


def animated(format, **options):
    frames = [Image.fromarray(np.full((20, 20), value, np.uint8)) for value in (60, 160, 250)]
    return saved(frames[0], format, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize(
    ("format", "options", "remark"),
    [
        ("PNG", {}, "animated: the first of 3 frames is read"),
        ("GIF", {}, "animated: the first of 3 frames is read"),
        ("WEBP", {"lossless": True}, "animated: the first of 3 frames is read"),
        ("TIFF", {}, "several pages: the first of 3 is read"),
        ("TIFF", {"compression": "tiff_lzw"}, "several pages: the first of 3 is read"),
    ],
)
def test_of_several_frames_the_first_is_read_and_said(tmp_path, format, options, remark):
    content = animated(format, **options)
    facts = facts_of(tmp_path, content)
    assert (facts.problem, facts.remark) == ("", remark)
    assert set(read_scan_bytes(content, "x").ravel()) == {60}


def test_a_single_image_needs_no_remark(tmp_path):
    assert facts_of(tmp_path, saved(Image.fromarray(NOISE), "GIF")).remark == ""


@pytest.mark.parametrize("adobe", [True, False])
def test_cmyk_jpeg_is_the_right_way_round(adobe):
    light = np.full((32, 32), 230, np.uint8)
    light[:16] = 20
    content = saved(Image.fromarray(np.dstack([light] * 3)).convert("CMYK"), "JPEG", quality=95)
    start = content.index(b"\xff\xee")  # Adobe's marker: with it values are stored inverted
    length = int.from_bytes(content[start + 2 : start + 4], "big")
    shown = read_scan_bytes(content if adobe else content[:start] + content[start + 2 + length :], "x")
    assert shown[20:].mean() == pytest.approx(230 if adobe else 255 - 230, abs=30)
    assert (shown[20:].mean() > shown[:12].mean()) == adobe


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_of_every_compression_gives_the_same_pixels(compression, bits):
    pixels = NOISE if bits == 8 else NOISE.astype(np.uint16) * 250
    shown = read_scan_bytes(saved(Image.fromarray(pixels), "TIFF", compression=compression), "x")
    low, high = (0, 255) if bits == 8 else (int(NOISE.min()), int(NOISE.max()))
    assert np.abs(shown.astype(int) - (NOISE.astype(float) - low) * 255 / (high - low)).max() <= 1


@pytest.mark.parametrize("orientation", [3, 6])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_a_tiff_is_turned_upright_once(orientation, compression):
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = read_scan_bytes(saved(Image.fromarray(NOISE), "TIFF", compression=compression, exif=exif), "x")
    assert np.array_equal(shown, NOISE[::-1, ::-1] if orientation == 3 else np.rot90(NOISE, -1))


def test_jpeg_2000_is_read(tmp_path):
    facts = facts_of(tmp_path, saved(Image.fromarray(NOISE), "JPEG2000"))
    assert (facts.format, facts.problem) == ("JPEG2000", "")
    assert np.array_equal(read_scan(tmp_path / "scan"), NOISE)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_an_opaque_image_is_what_it_is_without_its_alpha(mode):
    colours = Image.fromarray(np.random.default_rng(2).integers(0, 256, (24, 32, 3), dtype=np.uint8))
    plain = colours if mode == "RGBA" else colours.convert("L")
    with_alpha = plain.copy()
    with_alpha.putalpha(255)
    expected = read_scan_bytes(saved(plain, "PNG"), "x")
    assert np.array_equal(read_scan_bytes(saved(with_alpha, "PNG"), "x"), expected)


def test_equal_pixels_have_equal_digests_whatever_the_format(tmp_path):
    grey = Image.fromarray(NOISE)
    found = {
        facts_of(tmp_path, saved(image, format)).pixels
        for image, format in ((grey, "PNG"), (grey.convert("RGBA"), "PNG"), (grey, "BMP"), (grey, "TIFF"))
    }
    assert len(found) == 1
    assert facts_of(tmp_path, saved(grey.rotate(180), "PNG")).pixels not in found
    wide = Image.fromarray(NOISE.reshape(32, 24))
    assert facts_of(tmp_path, saved(wide, "PNG")).pixels not in found


# --- what the header says ---


@pytest.mark.parametrize(
    ("content", "metadata"),
    [
        (saved(Image.fromarray(NOISE), "PNG", dpi=(72, 72)), "bits=8; dpi=72"),
        (saved(Image.fromarray(NOISE.astype(np.uint16)), "PNG"), "bits=16"),
        (saved(Image.fromarray(NOISE > 9), "PNG"), "bits=1"),
        (saved(Image.fromarray(NOISE), "TIFF", compression="tiff_lzw"), "bits=8; compression=tiff_lzw"),
        (saved(Image.fromarray(NOISE), "JPEG", quality=60, progressive=True), "bits=8; jpeg-quality=60; progressive"),
        (saved(Image.fromarray(NOISE), "PNG", icc_profile=b"profile"), "bits=8; icc-profile"),
    ],
)
def test_the_header_is_told_in_numbers(tmp_path, content, metadata):
    assert facts_of(tmp_path, content).metadata == metadata


@pytest.mark.parametrize("quality", [20, 50, 75, 90, 95])
def test_jpeg_quality_is_estimated(tmp_path, quality):
    content = saved(Image.fromarray(NOISE), "JPEG", quality=quality)
    items = dict(item.partition("=")[::2] for item in facts_of(tmp_path, content).metadata.split("; "))
    assert abs(int(items["jpeg-quality"]) - quality) <= 2


def test_texts_that_people_wrote_are_not_kept(tmp_path):
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x0112] = "Doe^Jane", "Dr Roe", 6
    content = saved(Image.fromarray(NOISE), "JPEG", exif=exif, comment=b"Doe^Jane 1961-03-04")
    facts = facts_of(tmp_path, content)
    assert facts.metadata == "bits=8; exif; jpeg-quality=75; orientation=6; text"
    assert "Doe" not in str(facts)


# --- nothing is said elsewhere ---


def test_native_decoders_say_nothing(tmp_path, capfd):
    content = bytearray(saved(Image.fromarray(NOISE), "TIFF", compression="tiff_lzw"))
    content[20:200] = os.urandom(180)
    assert facts_of(tmp_path, bytes(content)).problem.startswith("damaged")
    assert capfd.readouterr() == ("", "")
