"""Patients are told apart without being known."""

import threading

import numpy as np
from dicom_files import SLICE, content_of, ct, put

from core.data.images import inspect_scan
from core.data.patient_key import PatientKey, key_mark


def test_one_patient_has_one_hash_and_another_another(tmp_path):
    key = PatientKey(tmp_path)
    assert key.hashed("7") == key.hashed(" 7 ") == PatientKey(tmp_path).hashed("7")
    assert len({key.hashed("7"), key.hashed("8"), key.hashed("7", "north"), key.hashed("7", "south")}) == 4
    assert len(key.hashed("7")) == 16


def test_another_dataset_has_another_key(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert PatientKey(tmp_path / "a").hashed("7") != PatientKey(tmp_path / "b").hashed("7")
    assert key_mark(tmp_path / "a") != key_mark(tmp_path / "b")


def test_without_an_id_there_is_no_key(tmp_path):
    assert PatientKey(tmp_path).hashed("  ") == ""
    assert list(tmp_path.iterdir()) == []
    assert key_mark(tmp_path) == ""


def test_the_key_is_for_its_owner_alone(tmp_path):
    PatientKey(tmp_path).hashed("7")
    path = tmp_path / ".ct-explorer" / "patient.key"
    assert path.stat().st_mode & 0o077 == 0
    assert path.stat().st_size == 32


def test_where_no_key_can_be_kept_nobody_is_told_apart(tmp_path):
    (tmp_path / ".ct-explorer").write_text("in the way")
    assert PatientKey(tmp_path).hashed("7") == ""


def test_many_at_once_agree_on_the_key(tmp_path):
    found = []
    threads = [threading.Thread(target=lambda: found.append(PatientKey(tmp_path).hashed("7"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_dicom_gives_its_patient_as_a_hash(tmp_path):
    key = PatientKey(tmp_path)
    path = put(
        tmp_path / "scan.dcm", content_of(ct(np.stack([SLICE, SLICE]), PatientID="7", IssuerOfPatientID="north"))
    )
    assert {facts.patient for facts in inspect_scan(path, patient_key=key)} == {key.hashed("7", "north")}
    assert {facts.patient for facts in inspect_scan(path)} == {""}
    put(path, content_of(ct()))
    assert [facts.patient for facts in inspect_scan(path, patient_key=key)] == [""]
