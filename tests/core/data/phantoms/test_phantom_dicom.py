"""Phantoms as DICOM files: what any reader finds in them, and that it is the phantom."""

import csv

import numpy as np
import pydicom
import pytest
from pydicom.uid import CTImageStorage

from core.data.phantoms.cohort import draw_cohort
from core.data.phantoms.options import PhantomOptions
from core.data.phantoms.patient import phantom_patient
from core.data.phantoms.writing import write_phantoms

OPTIONS = PhantomOptions(format="dicom")


@pytest.fixture(scope="module")
def dicom_set(tmp_path_factory):
    return write_phantoms(tmp_path_factory.mktemp("phantoms") / "set", count=10, seed=2, options=OPTIONS)


def test_files_are_ct_images_whose_hounsfield_units_are_the_phantoms(dicom_set):
    for patient in draw_cohort(10, 2, OPTIONS):
        scans = phantom_patient(
            np.random.default_rng(patient.stream),
            patient_id=patient.patient_id,
            label=patient.label,
            slices=patient.slices,
            scanner=patient.scanner,
        )
        for scan in scans:
            file = pydicom.dcmread(dicom_set / patient.label / f"{scan.patient_id}_{scan.slice_index}.dcm")
            assert file.SOPClassUID == file.file_meta.MediaStorageSOPClassUID == CTImageStorage
            assert (file.BitsAllocated, file.PixelRepresentation) == (16, 1)
            hu = file.pixel_array * float(file.RescaleSlope) + float(file.RescaleIntercept)
            np.testing.assert_array_equal(hu, scan.hu)
            assert file.InstanceNumber == scan.slice_index + 1


def test_a_series_is_a_patient_and_every_name_is_plainly_synthetic(dicom_set):
    files = [pydicom.dcmread(path) for path in sorted(dicom_set.rglob("*.dcm"))]
    assert len(files) == len({file.SOPInstanceUID for file in files}) == 10
    assert len({(file.PatientID, file.SeriesInstanceUID) for file in files}) == len({file.PatientID for file in files})
    for file in files:
        assert file.PatientName == f"Phantom^{file.PatientID}"
        assert not file.PatientBirthDate
        assert not file.StudyDate


def test_headers_differ_between_the_classes_in_nothing_but_who_it_is(dicom_set):
    own = {"SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName"}
    own |= {"InstanceNumber", "ImagePositionPatient", "PixelSpacing", "Rows", "Columns", "PixelData"}
    headers = {
        tuple(str(item) for item in pydicom.dcmread(path) if item.keyword not in own)
        for path in dicom_set.rglob("*.dcm")
    }
    assert len(headers) == 1


def test_the_table_lists_the_files_and_masks_stay_png(dicom_set):
    with (dicom_set / "index.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert {row["path"] for row in table} == {
        path.relative_to(dicom_set).as_posix() for path in dicom_set.rglob("*.dcm")
    }
    assert all((dicom_set / row["mask"]).suffix == ".png" for row in table if row["mask"])


def test_the_same_set_has_the_same_dicom_files(dicom_set, tmp_path):
    again = write_phantoms(tmp_path / "again", count=10, seed=2, options=OPTIONS)
    for path in dicom_set.rglob("*.dcm"):
        assert (again / path.relative_to(dicom_set)).read_bytes() == path.read_bytes()
