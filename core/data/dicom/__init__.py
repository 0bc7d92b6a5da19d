"""DICOM files (PS3): what they say about their pixels, and the pixels as grey."""
