"""DICOM of every kind is read as grey, Hounsfield units through a window, or said in one line why not."""

import io
import os
import warnings

import numpy as np
import pandas as pd
import pydicom
import pytest
from dicom_files import SLICE, brought, compressed, content_of, ct, image, put
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RTStructureSetStorage,
)

from core.data.folders import refusal
from core.data.images import inspect_scan, read_scan, read_scan_bytes
from core.data.unchanged import check_unchanged
from core.data.windows import AS_STORED, LUNG, MEDIASTINUM, window_named
from core.errors import ConfigError, DatasetError

NOISE = np.random.default_rng(0).integers(0, 256, (24, 32), dtype=np.uint8)


def windowed(values, centre, width):
    """The slow way: from black at the window's lower end to white at its upper."""
    low = centre - width / 2
    return np.array([[round(255 * min(1, max(0, (v - low) / width))) for v in row] for row in values.astype(float)])


def grey_of(scan, **options):
    return read_scan_bytes(content_of(scan), "scan.dcm", **options).astype(int)


def facts_of(tmp_path, scan, **options):
    return inspect_scan(put(tmp_path / "scan", scan if isinstance(scan, bytes) else content_of(scan)), **options)


def near(found, expected, most=1):
    assert np.abs(found.astype(int) - expected).max() <= most


# --- Hounsfield units ---


@pytest.mark.parametrize("window", [LUNG, MEDIASTINUM, window_named("-500/900.5")])
def test_ct_is_shown_in_the_window_asked_for(window):
    near(grey_of(ct(), window=window), windowed(SLICE, window.centre_hu, window.width_hu))


def test_the_lung_window_is_the_default():
    assert np.array_equal(grey_of(ct()), grey_of(ct(), window=LUNG))


def test_the_stored_window_is_that_of_the_standard():
    shown = grey_of(ct(WindowCenter=[40, 300], WindowWidth=[400, 2000]), window=AS_STORED)
    near(shown, windowed(SLICE, 40 - 0.5, 400 - 1))
    exact = grey_of(ct(WindowCenter=40, WindowWidth=400, VOILUTFunction="LINEAR_EXACT"), window=AS_STORED)
    near(exact, windowed(SLICE, 40, 400))


def test_a_sigmoid_window_is_one():
    shown = grey_of(ct(WindowCenter=40, WindowWidth=400, VOILUTFunction="SIGMOID"), window=AS_STORED)
    near(shown, 255 / (1 + np.exp(-4 * (SLICE - 40.0) / 400)))


def test_slope_and_intercept_are_applied():
    scan = image(((SLICE + 1024) // 2).astype(np.int16), Modality="CT", RescaleSlope="2", RescaleIntercept="-1024")
    near(grey_of(scan), windowed(((SLICE + 1024) // 2) * 2 - 1024, -600, 1500))


@pytest.mark.parametrize("modality", ["CR", "DX", "OT", "MR"])
def test_windows_in_hounsfield_units_are_for_ct_alone(tmp_path, modality):
    stored = image(NOISE.astype(np.uint16) * 10, Modality=modality, WindowCenter=1000, WindowWidth=900)
    near(grey_of(stored), windowed(NOISE.astype(int) * 10, 999.5, 899))
    assert facts_of(tmp_path, stored)[0].remark == "no Hounsfield units: shown in the window stored in the file"
    bare = image(NOISE.astype(np.uint16) * 10, Modality=modality)
    low, high = int(NOISE.min()) * 10, int(NOISE.max()) * 10
    near(grey_of(bare), windowed(NOISE.astype(int) * 10, (low + high) / 2, high - low))
    assert facts_of(tmp_path, bare)[0].remark == "no Hounsfield units: shown from its lowest to its highest value"


def test_a_captured_screen_of_ct_has_no_hounsfield_units(tmp_path):
    assert facts_of(tmp_path, image(NOISE, Modality="CT"))[0].remark.startswith("no Hounsfield units")
    assert facts_of(tmp_path, ct())[0].remark == ""


def test_a_table_in_the_file_shows_an_x_ray():
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [256, 0, 16], list(range(65535, -1, -257))
    table["LUTDescriptor"].VR, table["LUTData"].VR = "US", "US"
    shown = grey_of(image(NOISE, Modality="DX", VOILUTSequence=[table]))
    near(shown, 255 - NOISE.astype(int))


def test_monochrome1_is_shown_the_other_way_round():
    assert np.array_equal(grey_of(ct(PhotometricInterpretation="MONOCHROME1")), 255 - grey_of(ct()))


def test_padding_is_black_and_does_not_count():
    values = NOISE.astype(np.int16) + 100
    values[:5] = -2000
    shown = grey_of(image(values, Modality="CR", PixelPaddingValue=-2000, PhotometricInterpretation="MONOCHROME1"))
    assert set(shown[:5].ravel()) == {0}
    assert (shown[5:].min(), shown[5:].max()) == (0, 255)


# --- bits ---


@st.composite
def stored_images(draw):
    """Values with bits stored, high bit, sign; what the other bits hold is noise."""
    allocated = draw(st.sampled_from((8, 16)))
    stored = draw(st.integers(2, allocated))
    high = draw(st.integers(stored - 1, allocated - 1))
    signed = draw(st.booleans())
    low = -(2 ** (stored - 1)) if signed else 0
    values = draw(hnp.arrays(np.int64, (16, 17), elements=st.integers(low, low + 2**stored - 1), fill=st.just(low)))
    noise = np.random.default_rng(draw(st.integers(0, 9))).integers(0, 2**allocated, values.shape)
    shift = high - stored + 1
    kept = (2**stored - 1) << shift
    raw = ((values % 2**stored) << shift) | (noise & ~kept)
    return values, raw.astype(f"u{allocated // 8}"), {"BitsStored": stored, "HighBit": high,
                                                      "PixelRepresentation": int(signed)}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(case=stored_images(), syntax=st.sampled_from((ExplicitVRLittleEndian, ImplicitVRLittleEndian)))
def test_only_the_bits_that_count_are_shown(case, syntax):
    values, raw, bits = case
    shown = read_scan_bytes(content_of(image(raw, **bits), syntax), "scan.dcm").astype(int)
    low, high = values.min(), values.max()
    near(shown, np.zeros_like(values) if low == high else np.rint((values - low) * (255 / (high - low))))


@pytest.mark.parametrize(
    "syntax",
    [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
@pytest.mark.parametrize("bits", [8, 16])
def test_every_uncompressed_syntax_gives_the_same_pixels(syntax, bits):
    values = NOISE if bits == 8 else NOISE.astype(np.uint16) * 100
    scan = image(values[:, :31] if bits == 16 else values, Modality="CR")
    if syntax == ExplicitVRBigEndian and bits == 8:
        scan["PixelData"].VR = "OB"
    shown = read_scan_bytes(content_of(scan, syntax), "scan")
    expected = values[:, : shown.shape[1]].astype(float)
    near(shown, np.rint((expected - expected.min()) * 255 / (expected.max() - expected.min())))


# --- compressed ---

# Transfer syntax, and whether what was compressed comes back exactly.
BROUGHT = {
    "JPGExtended.dcm": "JPEG extended, 12 bits",
    "SC_rgb_jpeg_gdcm.dcm": "JPEG lossless",
    "MR_small_jpeg_ls_lossless.dcm": "JPEG-LS",
    "MR_small_jp2klossless.dcm": "JPEG 2000 lossless",
    "J2K_pixelrep_mismatch.dcm": "JPEG 2000, sign in doubt",
    "MR_small_RLE.dcm": "RLE",
    "SC_rgb_rle_16bit.dcm": "RLE, 16 bits of colour",
    "SC_rgb_jpeg_dcmtk.dcm": "JPEG baseline, YBR",
    "SC_ybr_full_422_uncompressed.dcm": "YBR 4:2:2",
    "examples_palette.dcm": "palette",
    "image_dfl.dcm": "deflated",
}


@pytest.mark.parametrize("name", BROUGHT, ids=BROUGHT.values())
def test_what_pydicom_decodes_is_decoded(name):
    (facts,) = inspect_scan(brought(name))
    assert (facts.problem, facts.format) == ("", "DICOM")
    shown = read_scan(brought(name), window=AS_STORED)
    assert shown.shape == (facts.height, facts.width)
    assert shown.max() - shown.min() > 100


@pytest.mark.parametrize(
    "copy", ["MR_small_RLE", "MR_small_jpeg_ls_lossless", "MR_small_jp2klossless", "MR_small_implicit", "MR_small_expb"]
)
def test_a_lossless_copy_looks_the_same(copy):
    assert np.array_equal(read_scan(brought(f"{copy}.dcm")), read_scan(brought("MR_small.dcm")))


@pytest.mark.parametrize("name", ["693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm"])
def test_compressed_ct_has_the_values_that_pydicom_gives(name):
    scan = pydicom.dcmread(brought(name))
    hu = scan.pixel_array * float(scan.RescaleSlope) + float(scan.RescaleIntercept)
    low = LUNG.centre_hu - LUNG.width_hu / 2
    near(read_scan(brought(name)), np.rint(np.clip((hu - low) / LUNG.width_hu, 0, 1) * 255))


def test_colours_become_the_grey_of_other_formats(tmp_path):
    colours = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "scan.png")
    assert np.array_equal(grey_of(image(colours)), read_scan(tmp_path / "scan.png"))
    planes = image(colours, PlanarConfiguration=1, PixelData=np.moveaxis(colours, 2, 0).tobytes())
    assert np.array_equal(grey_of(planes), read_scan(tmp_path / "scan.png"))
    assert facts_of(tmp_path, image(colours))[0].mode == "RGB 8-bit"


def encoded(pixels, format, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("syntax", "format", "options", "most"),
    [(JPEGBaseline8Bit, "JPEG", {"quality": 100}, 6), (JPEG2000Lossless, "JPEG2000", {"no_jp2": True}, 0)],
)
def test_each_compressed_frame_is_a_scan(tmp_path, syntax, format, options, most):
    frames = np.stack([np.kron(NOISE[turn:6 + turn, :8], np.ones((4, 4), np.uint8)) for turn in range(3)])  # fmt: skip
    scan = image(frames, Modality="CR", WindowCenter=128, WindowWidth=256)
    content = compressed(scan, syntax, [encoded(frame, format, **options) for frame in frames])
    path = put(tmp_path / "scan.dcm", content)
    assert [facts.problem for facts in inspect_scan(path)] == [""] * 3
    for number, frame in enumerate(frames, start=1):
        near(read_scan(f"{path}#{number}"), frame, most=most + 1)


# --- frames ---


def test_frames_are_scans_of_their_own(tmp_path):
    path = put(tmp_path / "scan.dcm", content_of(ct(np.stack([SLICE, SLICE[::-1], SLICE]))))
    found = inspect_scan(path)
    assert len(found) == 3
    assert len({facts.sha256 for facts in found}) == 3
    assert found[0].pixels == found[2].pixels != found[1].pixels
    for number in (1, 2, 3):
        expected = read_scan_bytes(content_of(ct(SLICE[::-1] if number == 2 else SLICE)), "x")
        assert np.array_equal(read_scan(f"{path}#{number}", sha256=found[number - 1].sha256), expected)
    assert np.array_equal(read_scan(path), read_scan(f"{path}#1"))


def test_a_frame_that_is_not_there(tmp_path):
    path = put(tmp_path / "scan.dcm", content_of(ct(np.stack([SLICE, SLICE]))))
    with pytest.raises(DatasetError, match=r"scan\.dcm#3: not found: the file has 2 frames"):
        read_scan(f"{path}#3")
    Image.fromarray(NOISE).save(tmp_path / "scan.png")
    with pytest.raises(DatasetError, match="not found: only DICOM files have frames with a number"):
        read_scan(f"{tmp_path}/scan.png#1")
    with pytest.raises(DatasetError, match="changed since it was indexed"):
        read_scan(f"{path}#2", sha256=inspect_scan(path)[0].sha256)


def test_a_file_that_is_called_like_a_frame_wins(tmp_path):
    put(tmp_path / "scan.dcm", content_of(ct(np.stack([SLICE, SLICE]))))
    put(tmp_path / "scan.dcm#2", encoded(NOISE, "PNG"))
    assert np.array_equal(read_scan(tmp_path / "scan.dcm#2"), NOISE)


def test_functional_groups_hold_what_enhanced_ct_says(tmp_path):
    def group(sequence, **values):
        inner, outer = Dataset(), Dataset()
        for keyword, value in values.items():
            setattr(inner, keyword, value)
        setattr(outer, sequence, [inner])
        return outer

    shared = group("PixelValueTransformationSequence", RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU")
    per_frame = [group("FrameVOILUTSequence", WindowCenter=centre, WindowWidth=300) for centre in (40, 90)]
    scan = ct(
        np.stack([SLICE, SLICE]),
        **dict.fromkeys(("RescaleSlope", "RescaleIntercept", "RescaleType")),
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=per_frame,
    )
    path = put(tmp_path / "scan.dcm", content_of(scan))
    near(read_scan(f"{path}#2"), windowed(SLICE, -600, 1500))
    near(read_scan(f"{path}#2", window=AS_STORED), windowed(SLICE, 89.5, 299))
    assert inspect_scan(path)[1].remark == ""


# --- files ---


def test_dicom_is_known_by_content(tmp_path):
    content = content_of(ct())
    bare = content[content.index(b"\x08\0\x16\0UI") :]  # from the SOP class on: no preamble, no meta information
    for name, kept in (("scan.png", content), ("scan", content[132:]), ("other", bare)):
        (facts,) = inspect_scan(put(tmp_path / name, kept))
        assert (facts.format, facts.problem) == ("DICOM", ""), name
    Image.fromarray(NOISE).save(tmp_path / "scan.dcm", "PNG")
    assert inspect_scan(tmp_path / "scan.dcm")[0].format == "PNG"


def test_the_index_knows_what_the_file_is(tmp_path):
    (facts,) = facts_of(tmp_path, ct(BitsStored=12, HighBit=11, KVP=120, SliceThickness="5.0", PixelSpacing=[0.7, 0.7]))
    assert (facts.width, facts.height, facts.mode, facts.format) == (32, 24, "MONOCHROME2 12-bit signed", "DICOM")
    assert facts.metadata == (
        "bits=12; bits-allocated=16; hu=yes; kvp=120; modality=CT; pixel-mm=0.7; slice-mm=5; "
        "transfer=Explicit VR Little Endian"
    )


def without_pixels(kind):
    scan = image(NOISE, SOPClassUID=kind, **dict.fromkeys(("PixelData", "Rows", "Columns")))
    scan.file_meta.MediaStorageSOPClassUID = kind
    return content_of(scan)


NO_PIXELS = {
    "RT Structure Set": without_pixels(RTStructureSetStorage),
    "Encapsulated PDF": without_pixels(EncapsulatedPDFStorage),
    "Comprehensive SR": brought("test-SR.dcm").read_bytes(),
    "RT Plan": brought("rtplan.dcm").read_bytes(),
    "Media Storage Directory": brought("DICOMDIR").read_bytes(),
    "of unknown kind": without_pixels("1.2.3.4.5"),
}


@pytest.mark.parametrize("kind", NO_PIXELS)
def test_what_has_no_pixels_says_so(tmp_path, kind):
    assert facts_of(tmp_path, NO_PIXELS[kind])[0].problem == f"DICOM without pixels ({kind}): only images are read"


HEAD = content_of(ct())[: -SLICE.nbytes]
TOO_MANY = "too large: at most 10000 frames and 2048 megapixels are read of one file"
HOSTILE = {
    "gigantic": (content_of(ct(Rows=65535, Columns=65535)), "too large: more than the 64 megapixels that are read"),
    "tiny": (content_of(ct(SLICE[:8])), "too small: 32 x 8 px"),
    "a billion frames": (content_of(ct(NumberOfFrames=10**9)), TOO_MANY),
    "more frames than there are": (content_of(ct(NumberOfFrames=500)), "damaged or cut off: fewer pixels than"),
    "pixels cut off": (content_of(ct())[:-100], "damaged or cut off: fewer pixels than"),
    "no pixels": (HEAD, "damaged or cut off: fewer pixels than"),
    "no rows": (content_of(ct(Rows=None)), "DICOM without pixels (CT Image): only images are read"),
    "no columns": (content_of(ct(Columns=None)), "damaged or cut off: DICOM without Columns"),
    "impossible bits": (content_of(ct(BitsStored=40)), "damaged: DICOM with an impossible BitsStored"),
    "32 bits": (content_of(image(NOISE.astype(np.uint32))), "DICOM with 32 bits a pixel; 8 and 16 are read"),
    "odd colours": (content_of(ct(PhotometricInterpretation="CMYK")), "DICOM with colours that are not read"),
    "unknown syntax": (content_of(ct(), "1.2.3"), "DICOM in a transfer syntax that is not read"),
    "only the magic": (b"\0" * 128 + b"DICM", "damaged or cut off: DICOM without a data set"),
    "zeros": (b"\0" * 128 + b"DICM" + b"\0" * 500, "DICOM without pixels (of unknown kind)"),
    "a table of no length": (
        content_of(image(NOISE, PhotometricInterpretation="PALETTE COLOR")),
        "damaged: DICOM's tables or windows cannot be applied",
    ),
    "compressed rubbish": (compressed(image(NOISE), JPEG2000Lossless, [b"rubbish!" * 9]), "damaged: its pixels cannot"),
    "frames of another size": (
        compressed(image(NOISE), JPEG2000Lossless, [encoded(NOISE[:, :20], "JPEG2000", no_jp2=True)]),
        "damaged: its pixels cannot",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_dicom_gets_its_reason(tmp_path, name):
    content, problem = HOSTILE[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (facts,) = facts_of(tmp_path, content)
    assert facts.problem.startswith(problem)
    with pytest.raises(DatasetError) as raised:
        read_scan(tmp_path / "scan")
    assert str(raised.value) == f"{tmp_path / 'scan'}: {facts.problem}"


def test_what_inflates_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("core.data.dicom.start._MAX_INFLATED_MIB", 0)
    (facts,) = facts_of(tmp_path, content_of(ct(), DeflatedExplicitVRLittleEndian))
    assert facts.problem == "too large: it inflates to more than the 0 MiB that are read"


def test_a_header_of_endless_elements_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("core.data.dicom.header._MAX_READS", 50)
    monkeypatch.setattr("core.data.dicom.header._Metered._left", 50)
    elements = b"".join(b"\x09\0" + number.to_bytes(2, "little") + b"LO\0\0" for number in range(1000))
    (facts,) = facts_of(tmp_path, b"\0" * 128 + b"DICM" + elements)
    assert facts.problem == "too large: its DICOM header has more elements than are read"


# --- windows by name ---


@pytest.mark.parametrize(("text", "centre", "width"), [("-600/1500", -600, 1500), ("40.5/80", 40.5, 80)])
def test_a_window_of_ones_own(text, centre, width):
    window = window_named(text)
    assert (window.centre_hu, window.width_hu, window.name) == (centre, width, text)
    assert window_named(window.name) == window


@pytest.mark.parametrize("text", ["lung", " Lung ", "mediastinum", "stored"])
def test_windows_have_names(text):
    assert window_named(text).name == text.strip().lower()


@pytest.mark.parametrize("text", ["", "bone", "40", "40/0", "40/-5", "nan/5", "1e9/5", "40/400/1"])
def test_other_windows_are_refused(text):
    with pytest.raises(ConfigError, match="expected window to be lung, mediastinum, stored or CENTRE/WIDTH in HU"):
        window_named(text)


# --- frames, for those who read by path ---


def test_frames_of_a_link_that_leads_outside_are_refused(tmp_path):
    (tmp_path / "data").mkdir()
    put(tmp_path / "outside.dcm", content_of(ct(np.stack([SLICE, SLICE]))))
    (tmp_path / "data" / "scan.dcm").symlink_to(tmp_path / "outside.dcm")
    assert refusal((tmp_path / "data").resolve(), "scan.dcm#2") != ""


def test_a_changed_file_of_frames_is_noticed(tmp_path):
    path = put(tmp_path / "scan.dcm", content_of(ct(np.stack([SLICE, SLICE]))))
    table = pd.DataFrame(
        {"path": ["scan.dcm#1", "scan.dcm#2"], "sha256": [facts.sha256 for facts in inspect_scan(path)]}
    )
    check_unchanged(tmp_path, table)
    assert read_scan(f"{path}#1", sha256=table["sha256"][0]).shape == SLICE.shape
    put(path, content_of(ct(np.stack([SLICE, SLICE[::-1]]))))
    with pytest.raises(DatasetError, match=r"scan\.dcm#1 .* found it changed"):
        check_unchanged(tmp_path, table)
    with pytest.raises(DatasetError, match="changed since it was indexed"):
        read_scan(f"{path}#2", sha256=table["sha256"][1])


def test_frames_of_a_pipe_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "scan.dcm")
    with pytest.raises(DatasetError, match="not a plain file"):
        read_scan(f"{tmp_path}/scan.dcm#1")
