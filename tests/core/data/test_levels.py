"""A DICOM frame's levels: windowed with their first window they are the grey that everybody else sees."""

import dicom_files
import numpy as np
import pytest

from core.data import windowable
from core.data.images import read_scan
from core.data.windowable import read_windowable
from core.data.windows import AS_STORED, LUNG, MEDIASTINUM
from core.errors import DatasetError


def grey_from(levels):
    """What the viewer in the browser does with a first window."""
    values = levels.values.astype(np.float64) + levels.offset
    shares = (values - (levels.centre - levels.width / 2)) / levels.width
    grey = np.rint(np.clip(shares, 0, 1) * 255)
    return 255 - grey if levels.is_inverted else grey


def written(tmp_path, scan):
    path = tmp_path / "scan.dcm"
    dicom_files.put(path, dicom_files.content_of(scan))
    return path


@pytest.mark.parametrize("window", [LUNG, MEDIASTINUM, AS_STORED])
def test_the_first_window_of_ct_gives_the_grey_that_the_network_saw(tmp_path, window):
    path = written(tmp_path, dicom_files.ct())
    scan, levels = read_windowable(path, window=window)
    assert np.array_equal(scan, read_scan(path, window=window))
    assert levels is not None
    assert levels.in_hu
    assert np.abs(grey_from(levels) - scan).max() <= 1


def test_values_beyond_a_window_are_still_there_for_the_next_one(tmp_path):
    _, levels = read_windowable(written(tmp_path, dicom_files.ct()))
    assert np.ptp(levels.values.astype(int)) > levels.width


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_an_x_ray_of_sixteen_bits_keeps_all_of_them(tmp_path, photometric):
    values = np.linspace(0, 65535, 48 * 40).reshape(48, 40).astype(np.uint16)
    scan_file = dicom_files.image(values, Modality="DX", PhotometricInterpretation=photometric)
    scan, levels = read_windowable(written(tmp_path, scan_file))
    assert not levels.in_hu
    assert np.array_equal(levels.values.astype(int) + levels.offset, values)
    assert np.abs(grey_from(levels) - scan).max() <= 1


def test_padding_is_dark_in_every_window(tmp_path):
    hu = np.linspace(-1000, 1000, 48 * 40).reshape(48, 40).astype(np.int16)
    hu[:5] = -2000
    scan = dicom_files.ct(hu)
    scan.PixelPaddingValue = int(scan.pixel_array.min())
    _, levels = read_windowable(written(tmp_path, scan))
    assert (levels.values[:5] == np.iinfo(np.int16).min).all()


def test_a_sigmoid_or_a_picture_of_bytes_is_shown_as_it_is(tmp_path):
    sigmoid = dicom_files.image(
        np.arange(48 * 40, dtype=np.uint16).reshape(48, 40),
        Modality="DX",
        WindowCenter=900,
        WindowWidth=400,
        VOILUTFunction="SIGMOID",
    )
    assert read_windowable(written(tmp_path, sigmoid))[1] is None


def test_a_file_that_goes_away_between_two_reads_is_said(tmp_path, monkeypatch):
    path = written(tmp_path, dicom_files.ct())

    def read_and_gone(file, **options):
        scan = read_scan(file, **options)
        path.unlink()
        return scan

    monkeypatch.setattr(windowable, "read_scan", read_and_gone)
    with pytest.raises(DatasetError, match="not found"):
        read_windowable(path)
