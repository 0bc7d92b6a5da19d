"""Valid files of every format, and what may become of them."""

import io

import numpy as np
from dicom_files import SLICE, brought, compressed, content_of, ct, image
from hypothesis import strategies as st
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
)

NOISE = np.random.default_rng(1).integers(0, 256, (24, 32), dtype=np.uint8)
_HEADER_BYTES = 400


def saved(pixels, format, *, mode=None, frames=1, **options):
    made = Image.fromarray(pixels)
    made = made.convert(mode) if mode else made
    if frames > 1:
        options |= {"save_all": True, "append_images": [made.rotate(90 * turn) for turn in range(1, frames)]}
    file = io.BytesIO()
    made.save(file, format, **options)
    return file.getvalue()


def seeds():
    """Content by name."""
    found = {
        "png": saved(NOISE, "PNG"),
        "png alpha": saved(NOISE, "PNG", mode="RGBA"),
        "png palette": saved(NOISE, "PNG", mode="P", transparency=3),
        "png 16 bits": saved(NOISE.astype(np.uint16) * 200, "PNG"),
        "apng": saved(NOISE, "PNG", frames=3),
        "jpeg": saved(NOISE, "JPEG", dpi=(72, 72), exif=Image.Exif()),
        "jpeg progressive": saved(NOISE, "JPEG", mode="RGB", progressive=True),
        "jpeg cmyk": saved(NOISE, "JPEG", mode="CMYK"),
        "bmp": saved(NOISE, "BMP"),
        "tiff": saved(NOISE, "TIFF"),
        "tiff lzw": saved(NOISE, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": saved(NOISE, "TIFF", mode="RGB", compression="jpeg"),
        "tiff deflate 16 bits": saved(NOISE.astype(np.uint16) * 200, "TIFF", compression="tiff_adobe_deflate"),
        "tiff packbits": saved(NOISE, "TIFF", compression="packbits"),
        "tiff fax": saved(NOISE > 127, "TIFF", compression="group4"),
        "tiff pages": saved(NOISE, "TIFF", frames=3),
        "tiff float": saved(NOISE.astype(np.float32), "TIFF"),
        "webp": saved(NOISE, "WEBP", mode="RGB"),
        "webp lossless": saved(NOISE, "WEBP", mode="RGBA", lossless=True),
        "webp animated": saved(NOISE, "WEBP", mode="RGB", frames=3),
        "gif": saved(NOISE, "GIF", frames=3),
        "jpeg2000": saved(NOISE, "JPEG2000"),
        "pgm": saved(NOISE, "PPM"),
        "dicom": content_of(ct(WindowCenter=40, WindowWidth=400, PixelPaddingValue=-2000)),
        "dicom implicit": content_of(ct(), ImplicitVRLittleEndian),
        "dicom big endian": content_of(ct(), ExplicitVRBigEndian),
        "dicom deflated": content_of(ct(), DeflatedExplicitVRLittleEndian),
        "dicom frames": content_of(ct(np.stack([SLICE, SLICE[::-1]]))),
        "dicom rgb": content_of(image(np.dstack([NOISE] * 3))),
        "dicom jpeg": compressed(image(NOISE), JPEGBaseline8Bit, [saved(NOISE, "JPEG")]),
        "dicom jpeg 2000": compressed(image(NOISE), JPEG2000Lossless, [saved(NOISE, "JPEG2000", no_jp2=True)]),
    }
    for name in (
        *("MR_small_RLE", "MR_small_jpeg_ls_lossless", "SC_rgb_jpeg_gdcm", "JPGExtended", "SC_rgb_rle_2frame"),
        *("JPEG2000", "examples_palette", "rtplan", "test-SR"),
    ):
        content = brought(f"{name}.dcm").read_bytes()
        if len(content) < 100_000:
            found[f"dicom {name}"] = content
    return found


SEEDS = seeds()


@st.composite
def mutants(draw):
    """One of the seeds, changed in a few places: flipped, cut, inserted, repeated, numbers in the header made odd."""
    content = bytearray(SEEDS[draw(st.sampled_from(sorted(SEEDS)))])
    for _ in range(draw(st.integers(1, 6))):
        change = draw(st.sampled_from(("flip", "set", "number", "insert", "repeat", "remove", "cut")))
        end = min(len(content), _HEADER_BYTES) if draw(st.booleans()) else len(content)
        at = draw(st.integers(0, max(0, end - 1)))
        mutate(content, change, at, draw(st.integers(0, 2**32 - 1)))
    return bytes(content)


def mutate(content, change, at, number):
    """One change, in place."""
    some = number % 64 + 1
    if change == "flip" and content:
        content[at] ^= 1 << number % 8
    elif change == "set" and content:
        content[at] = number % 256
    elif change == "number":
        content[at : at + 4] = (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFF, number)[number % 6].to_bytes(4, "little")
    elif change == "insert":
        content[at:at] = number.to_bytes(4, "big") * (some // 8 + 1)
    elif change == "repeat":
        content[at:at] = content[at : at + some]
    elif change == "remove":
        del content[at : at + some]
    elif change == "cut" and number % 4 == 0:
        del content[at:]
