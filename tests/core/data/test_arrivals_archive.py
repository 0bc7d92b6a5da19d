"""Zips that no honest sender makes: refused with the reason, and nothing is left behind."""

import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from arriving import left_behind, patched, png, two_classes, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data.arrivals.archive import archive_entries
from core.data.arrivals.limits import LIMITS, Limits
from core.data.arrivals.receive import Batch, receive
from core.errors import DatasetError

BIG = 2**32 - 2  # what a header without zip64 can claim at most


def refused(archive: io.BytesIO, into: Path, limits: Limits = LIMITS) -> str:
    """The line that refuses it, once it is sure that nothing was left behind."""
    with pytest.raises(DatasetError) as error:
        receive([Batch(archive_entries(archive, limits=limits))], into=into, name="new", limits=limits)
    assert left_behind(into) == []
    assert "\n" not in str(error.value)
    return str(error.value)


def special(name: str, kind: int) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o777) << 16
    return info, b"/etc/passwd"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../../outside.png", "leads out of the dataset's folder"),
        ("ill/../../outside.png", "leads out"),
        ("/tmp/absolute.png", "is absolute"),
        ("C:/drive.png", "a drive letter"),
        ("ill\\..\\..\\x.png", "a backslash"),
        ("ill/line\nbreak.png", "control characters"),
        ("ill/" + "x" * 250 + ".png", "is too long"),
        ("a/" * 30 + "x.png", "is too deep"),
        ("ill/con.png", "is reserved"),
        ("../", "leads out"),
    ],
)
def test_a_name_that_leads_elsewhere_refuses_the_whole_zip(tmp_path: Path, name: str, reason: str) -> None:
    assert reason in refused(zipped([*two_classes().items(), (name, png(9))]), tmp_path / "data")
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    line = refused(zipped([special("ill/link.png", kind), *two_classes().items()]), tmp_path)
    assert "not a file" in line


def test_a_file_below_a_link_is_refused_too(tmp_path: Path) -> None:
    line = refused(zipped([special("ill", stat.S_IFLNK), ("ill/a.png", png(1))]), tmp_path)
    assert "'ill' is a link" in line


def test_a_bomb_is_refused_by_what_it_claims(tmp_path: Path) -> None:
    line = refused(zipped({f"ill/{n}.bmp": bytes(30 * 2**20) for n in range(3)}), tmp_path)
    assert "which no set of images does" in line


def test_a_bomb_that_claims_little_is_stopped_by_what_comes(tmp_path: Path) -> None:
    bomb = patched(zipped({"ill/a.bmp": b"BM" + bytes(80 * 2**20)}), record=0, field="size", value=1000)
    tracemalloc.start()
    refused(bomb, tmp_path)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 8 * 2**20


def test_what_comes_is_counted_even_where_the_claim_is_believed(tmp_path: Path) -> None:
    """The last line of defence, in case a reader of zips should ever give more than the header claims."""
    from core.data.arrivals.entries import Entry

    endless = Entry("ill/a.png", 10, lambda: iter(lambda: png(0), None))
    with pytest.raises(DatasetError, match="goes on beyond the 10 kB taken of it"):
        receive([Batch([endless])], into=tmp_path, name="x", limits=Limits(file_bytes=10_000))
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("size", [1, 400, 5_000_000])
def test_sizes_that_are_not_true_are_refused(tmp_path: Path, size: int) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        archive = zipped(two_classes(), method=method)
        line = refused(patched(archive, record=1, field="size", value=size), tmp_path)
        assert "not as large as the zip says" in line or "Bad CRC-32" in line


def test_a_claim_of_four_gigabytes_is_refused(tmp_path: Path) -> None:
    assert "claims 4.3 GB" in refused(patched(zipped(two_classes()), record=0, field="size", value=BIG), tmp_path)


def test_a_zip64_claim_of_exabytes_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("ill/a.png")
    info.extra = struct.pack("<HHQ", 1, 8, 2**62)
    archive = zipped([(info, png(1))])
    line = refused(patched(archive, record=0, field="size", value=2**32 - 1, local=False), tmp_path)
    assert "claims" in line


def test_a_million_entries_are_refused_before_they_are_read(tmp_path: Path) -> None:
    record = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a"
    count = 1_000_000
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, count * len(record), 0, 0)  # claims a single entry
    assert "more than 100,000 entries" in refused(io.BytesIO(record * count + end), tmp_path)


def test_entries_that_share_bytes_are_refused(tmp_path: Path) -> None:
    archive = patched(zipped(two_classes()), record=1, field="offset", value=0)
    assert "overlaps" in refused(archive, tmp_path)


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    assert "is encrypted" in refused(patched(zipped(two_classes()), record=2, field="flags", value=1), tmp_path)


@pytest.mark.parametrize("method", [1, 6, 9, 12, 14, 93, 95, 98, 99])
def test_a_packing_without_a_bound_is_refused(tmp_path: Path, method: int) -> None:
    line = refused(patched(zipped(two_classes()), record=0, field="method", value=method), tmp_path)
    assert f"packed by method {method}" in line


def test_a_checksum_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    line = refused(patched(zipped(two_classes()), record=4, field="crc", value=zlib.crc32(b"other")), tmp_path)
    assert "damaged or cut off at" in line


def test_a_name_is_checked_as_it_stands_not_as_it_is_cut(tmp_path: Path) -> None:
    content = zipped({"ill/aXpng": png(1)}).getvalue().replace(b"ill/aXpng", b"ill/a\0png")
    assert "control characters" in refused(io.BytesIO(content), tmp_path)


def test_two_names_at_one_entry_are_refused(tmp_path: Path) -> None:
    content = zipped({"ill/good.png": png(1)}).getvalue().replace(b"ill/good.png", b"ill/evil.png", 1)
    assert "damaged" in refused(io.BytesIO(content), tmp_path)


def test_a_file_twice_in_the_zip_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped([("ill/a.png", png(1)), ("ill/a.png", png(2))])
    assert "is there twice" in refused(archive, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 50, png(1), zipped({}).getvalue()])
def test_what_is_no_zip_or_empty_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "expected" in refused(io.BytesIO(content), tmp_path)


def test_a_zip_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    content = zipped(two_classes(1)).getvalue()
    for end in range(1, len(content), 7):
        refused(io.BytesIO(content[:end]), tmp_path)


def test_a_zip_in_a_zip_in_a_zip_stays_packed(tmp_path: Path) -> None:
    inner = zipped({"a.bmp": bytes(2**20)}).getvalue()
    for _ in range(3):
        inner = zipped({f"{n}.zip": inner for n in range(3)}).getvalue()
    result = receive([Batch(archive_entries(zipped(two_classes() | {"ill/x.zip": inner})))], into=tmp_path, name="x")
    assert [one.reason for one in result.kept_out] == ["an archive in itself, not unpacked: unpack it first"]


def test_memory_does_not_grow_with_a_file(tmp_path: Path) -> None:
    archive = zipped({"ill/a.png": png(1), "normal/large.tif": b"II*\0" + noise(24 * 2**20)})
    tracemalloc.start()
    receive([Batch(archive_entries(archive))], into=tmp_path, name="x")
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 6 * 2**20


def noise(count: int) -> bytes:
    return np.random.default_rng(0).integers(0, 256, count, dtype=np.uint8).tobytes()


class Unseekable(io.RawIOBase):
    """A pipe to write a zip into: its sizes come after each entry."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.content += bytes(data)
        return len(bytes(data))


def test_honest_zips_of_every_make_arrive(tmp_path: Path) -> None:
    files = two_classes()
    zip64, streamed = io.BytesIO(), Unseekable()
    with zipfile.ZipFile(zip64, "w") as archive:
        for name, content in files.items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(content)
    with zipfile.ZipFile(streamed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with_folders = zipped([("ill/", b""), ("normal/", b""), *files.items()])
    makes = {
        "zip64": zip64,
        "streamed": io.BytesIO(bytes(streamed.content)),
        "after a program": io.BytesIO(b"MZ" + bytes(5000) + zipped(files).getvalue()),
        "stored": zipped(files, method=zipfile.ZIP_STORED),
        "with folders": with_folders,
    }
    for name, archive in makes.items():
        result = receive([Batch(archive_entries(archive))], into=tmp_path, name=name)
        assert {path: (result.folder / path).read_bytes() for path in files} == files, name


VALID = zipped(
    two_classes(1) | {"ill/notes.txt": b"words" * 100, "index.csv": b"path,label\nill/0.png,ill\n"}
).getvalue()
DIRECTORY_AT = VALID.index(b"PK\x01\x02")
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "insert", "cut", "copy", "number"]),
        st.integers(0, len(VALID) - 1),
        st.integers(0, 2**32 - 1),
    ),
    min_size=1,
    max_size=8,
)


def mutated(changes: list[tuple[str, int, int]]) -> bytes:
    content = bytearray(VALID)
    for kind, position, value in changes:
        at = position % max(len(content), 1)
        if kind == "flip" and content:
            content[at] ^= 1 + value % 255
        elif kind == "insert":
            content[at:at] = struct.pack("<I", value)
        elif kind == "cut":
            del content[at : at + value % 64]
        elif kind == "copy":
            content[at:at] = content[at : at + value % 128]
        elif kind == "number":
            content[at : at + 4] = struct.pack("<I", value)
    return bytes(content)


# The directory is where the harm is, so half of the changes go there.
IN_DIRECTORY = CHANGES.map(
    lambda changes: [(kind, DIRECTORY_AT + at % (len(VALID) - DIRECTORY_AT), n) for kind, at, n in changes]
)


@settings(
    max_examples=400, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.one_of(CHANGES, IN_DIRECTORY))
def test_no_mutation_does_more_than_be_refused(tmp_path: Path, changes) -> None:
    into = tmp_path / "data"
    try:
        folder = receive([Batch(archive_entries(io.BytesIO(mutated(changes))))], into=into, name="x").folder
    except DatasetError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        assert refusal.isprintable()
        assert left_behind(tmp_path) in ([], ["data"])
        return
    # Only the mutation's good luck comes here: what is there lies inside, as plain files.
    assert all(path.is_dir() or path.is_file() for path in folder.rglob("*"))
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert [path.name for path in into.iterdir()] == ["x"]
    for path in sorted(into.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
