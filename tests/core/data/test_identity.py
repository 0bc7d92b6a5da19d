"""A DICOM file is full of names and dates: none is kept, shown or logged, whatever is done with it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dicom_files import content_of, ct
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset

ROOT = Path(__file__).resolve().parents[3]

# What DICOM's own profile for taking identities out is about, by value representation, in every group but the pixels'.
_TELLING = {
    "PN": "Zzyzx^Quentin",
    "LO": "Zzyzx Street 77",
    "SH": "ZzyzxShort",
    "ST": "Zzyzx was here",
    "LT": "Zzyzx is long",
    "UT": "Zzyzx without limit",
    "UC": "Zzyzx characters",
    "AE": "ZZYZXAE",
    "DA": "19610304",
    "TM": "235958.123456",
    "DT": "19610304235958",
    "AS": "063Y",
    "UR": "http://zzyzx.example",
}
_GROUPS = (0x0008, 0x0010, 0x0018, 0x0020, 0x0032, 0x0040)
_NEEDED = {"RescaleType", "VOILUTFunction"}
WORDS = ("zzyzx", "quentin", "19610304", "1961-03-04", "235958", "063Y", "77-ID-Zz")


def telling(hu, patient):
    """A slice with something telling in every text, date and time that DICOM knows, also inside a sequence."""
    scan = ct(hu)
    inner = Dataset()
    for tag, (vr, _, _, retired, keyword) in DicomDictionary.items():
        if vr in _TELLING and tag >> 16 in _GROUPS and not retired and keyword and keyword not in _NEEDED:
            setattr(scan, keyword, _TELLING[vr])
            setattr(inner, keyword, _TELLING[vr])
    scan.SpecificCharacterSet = "ISO_IR 100"
    scan.RequestAttributesSequence = [inner]
    scan.PatientID, scan.IssuerOfPatientID = f"77-ID-Zz-{patient}", "Zzyzx Hospital"
    block = scan.private_block(0x0011, "Zzyzx vendor", create=True)
    block.add_new(0x01, "LO", "Zzyzx private")
    return content_of(scan)


# In one process: each would import torch for itself.
ONE_AFTER_THE_OTHER = """
import json, pathlib, sys
from core.cli import main
statuses = []
for command in json.loads(sys.argv[1]):
    if "RUN" in command:
        command[command.index("RUN")] = str(next(pathlib.Path(sys.argv[2]).glob("*/run.json")).parent)
    try:
        statuses.append(main(command))
    except SystemExit as refused:
        statuses.append(refused.code)
print(json.dumps(statuses))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """All that commands wrote and printed about a dataset of such files, and the files' folder."""
    work = tmp_path_factory.mktemp("identity")
    data, rng = work / "data", np.random.default_rng(0)
    for number in range(24):
        folder = data / ("COVID" if number % 2 else "normal")
        folder.mkdir(parents=True, exist_ok=True)
        hu = rng.integers(-1000, 400 if number % 2 else -200, (40, 40)).astype(np.int16)
        (folder / f"{number}.dcm").write_bytes(telling(hu, number // 2))
    broken = telling(hu, 99)
    (data / "COVID" / "cut.dcm").write_bytes(broken[:-500])
    (data / "COVID" / "header.dcm").write_bytes(broken[: len(broken) // 3])
    (data / "COVID" / "odd.dcm").write_bytes(broken.replace(b"MONOCHROME2 ", b"Zzyzx Quenti"))
    (data / "COVID" / "number.dcm").write_bytes(broken.replace(b"-1024", b"Zzyzx"))

    runs, maps = work / "runs", work / "maps"
    settings = ("image_size=32", "epochs=1", "batch_size=4", "backbone=resnet10t", "precision=fp32")
    scans = [data / "COVID" / f"{name}.dcm" for name in ("1", "cut", "number")]
    commands = [
        ["index", data],
        ["index", data, "--json"],
        ["audit", data, "--json"],
        ["train", data, "--runs", runs, *(part for setting in settings for part in ("--set", setting))],
        ["predict", "RUN", *scans, "--out", work / "predicted.csv"],
        ["explain", "RUN", scans[0], "--out", maps],
        ["explain", "RUN", scans[1], "--out", maps],
    ]
    done = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_THE_OTHER, json.dumps(commands, default=str), runs],
        cwd=ROOT,
        env={**os.environ, "CT_EXPLORER_CACHE": str(work / "cache"), "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = done.stdout + done.stderr
    # The cut scan has no map; an unknown command is left out.
    assert json.loads(done.stdout.splitlines()[-1]) in ([0, 0, 0, 0, 0, 0, 2], [0, 0, 2, 0, 0, 0, 2]), said
    return work, data, said


def texts(work, data):
    """Everything written, by path, but the files that were there before."""
    for path in work.rglob("*"):
        if path.is_file() and not (path.is_relative_to(data) and path.suffix == ".dcm"):
            yield path, path.read_bytes()


def test_nothing_printed_names_anybody(told):
    _, _, said = told
    assert [word for word in WORDS if word.lower() in said.lower()] == []


def test_nothing_written_names_anybody(told):
    work, data, _ = told
    found = {
        str(path.relative_to(work)): word
        for path, content in texts(work, data)
        for word in WORDS
        if word.lower().encode() in content.lower() or word.encode("utf-16-le") in content
    }
    assert found == {}


def test_patients_are_groups_all_the_same(told):
    _, data, said = told
    assert '"group_source": "patient"' in said
    assert (data / ".ct-explorer" / "patient.key").exists()


def test_parquet_files_are_read_through(told):
    """Their columns are compressed: a search over the bytes would see nothing."""
    import pandas as pd

    work, _, _ = told
    tables = list(work.rglob("*.parquet"))
    assert tables
    for path in tables:
        text = pd.read_parquet(path).to_csv().lower()
        assert [word for word in WORDS if word.lower() in text] == []


def test_pictures_of_the_page_carry_nothing(told):
    from core.data.images import read_scan
    from core.data.thumbnails import thumbnail_jpeg

    _, data, _ = told
    content = thumbnail_jpeg(read_scan(data / "COVID" / "1.dcm")).lower()
    assert [word for word in WORDS if word.lower().encode() in content] == []
