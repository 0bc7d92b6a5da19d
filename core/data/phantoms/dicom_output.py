"""A phantom's slice as a DICOM file: a CT image in Hounsfield units, of a patient who is plainly synthetic."""

import io

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

INTERCEPT_HU = -1024
LUNG_WINDOW_HU = (-600, 1500)  # centre and width that a viewer is told to begin with


def dicom_bytes(
    hu: NDArray[np.int16], *, set_name: str, patient_id: str, instance: int, level_mm: float, mm_per_px: float
) -> bytes:
    """One slice (h, w) HU as a CT Image Storage file (DICOM PS3.3, A.3), 16 bits signed, uncompressed.

    Args:
        set_name: what tells this set from others; with it and the patient all identifiers follow, so that the same
            set has the same files.
        instance: number of the slice in its series, from 1.
        level_mm: how far down the chest the slice lies.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = _uid(set_name, patient_id, f"instance {instance}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _uid("implementation")
    scan = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    scan.SOPClassUID = CTImageStorage
    scan.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    scan.StudyInstanceUID = _uid(set_name, patient_id, "study")
    scan.SeriesInstanceUID = _uid(set_name, patient_id, "series")
    scan.FrameOfReferenceUID = _uid(set_name, patient_id, "frame of reference")
    scan.Modality = "CT"
    scan.Manufacturer = "CT Explorer phantom"
    scan.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    scan.PatientID = patient_id
    scan.PatientName = f"Phantom^{patient_id}"
    scan.PatientBirthDate, scan.PatientSex = "", ""
    scan.StudyDate, scan.StudyTime, scan.StudyID = "", "", ""
    scan.AccessionNumber, scan.ReferringPhysicianName, scan.PositionReferenceIndicator = "", "", ""
    scan.SeriesNumber, scan.AcquisitionNumber, scan.InstanceNumber = 1, 1, instance
    scan.KVP, scan.PatientPosition = None, "HFS"
    scan.PixelSpacing = [f"{mm_per_px:.6f}"] * 2
    scan.SliceThickness = ""
    scan.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    scan.ImagePositionPatient = ["0", "0", f"{-level_mm:.3f}"]
    scan.SamplesPerPixel, scan.PhotometricInterpretation = 1, "MONOCHROME2"
    scan.Rows, scan.Columns = hu.shape
    scan.BitsAllocated, scan.BitsStored, scan.HighBit, scan.PixelRepresentation = 16, 16, 15, 1
    scan.RescaleIntercept, scan.RescaleSlope, scan.RescaleType = INTERCEPT_HU, 1, "HU"
    scan.WindowCenter, scan.WindowWidth = LUNG_WINDOW_HU
    scan.PixelData = (hu.astype(np.int32) - INTERCEPT_HU).astype("<i2").tobytes()
    file = io.BytesIO()
    scan.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _uid(*parts: str) -> UID:
    return generate_uid(entropy_srcs=["ct-explorer phantom", *parts])
