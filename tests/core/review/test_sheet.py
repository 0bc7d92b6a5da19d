"""The sheet of one case: one page, all that matters, nothing that says who, whatever letters there are."""

import io
import re
import shutil
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.cli import main
from core.errors import RequestError
from core.explanation.maps import ScanMap
from core.review.notes.marks import POINT, RECTANGLE, Mark
from core.review.notes.note import Note
from core.review.notes.note_book import notes_of
from core.review.sheets.drawn import sheet_bytes
from core.review.sheets.lines import STAND_IN, cut_lines, printable, width_of, wrapped
from core.review.sheets.sheet import RESEARCH_ONLY, Sheet, _share, sheet_of
from core.runs import Run, read_index, read_run
from tests.pages.conftest import write_finished_run, write_tiny_dataset

ODD = "Anna 張三 مرحبا שלום 🫁👩‍⚕️ $x_1^2$ \\frac <b>& e\u0301 \u202e \x07 ﷽ क्षि"


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of two classes that nobody trained. Not to be changed."""
    folder = tmp_path_factory.mktemp("sheet")
    return read_run(write_finished_run(folder / "runs", write_tiny_dataset(folder / "tiny")).folder)


@pytest.fixture
def noted_run(finished_run: Run, tmp_path: Path) -> Run:
    """A copy whose first test scan has two notes."""
    folder = tmp_path / "runs" / finished_run.id
    shutil.copytree(finished_run.folder, folder)
    run = read_run(folder)
    book, content = notes_of(run), first(run)["sha256"]
    book.save(Note(content, "Ada", "label-wrong", "high", "non-COVID", "No lesion.", Mark(POINT, 0.5, 0.2, 0.5, 0.2)))
    book.save(Note(content, "Ben", "model-wrong", "", "", ODD.replace("\x07", ""), Mark(RECTANGLE, 0.1, 0.1, 1.0, 1.0)))
    return run


def first(run: Run):
    index = read_index(run)
    return index[index["split"] == "test"].iloc[0]


def made_sheet(*, notes: tuple[Note, ...] = (), facts=(("Score", "0.5"),), side=(60, 90), maximum=1.0) -> Sheet:
    heat = np.linspace(0, 1, side[0] * side[1], dtype=np.float32).reshape(side) * (maximum > 0)
    return Sheet(
        scan=np.full(side, 90, np.uint8),
        scan_map=ScanMap(heat, maximum, "COVID", 0.5, "gradcam", "layer4", (2, 3)),
        map_says="" if maximum else "no positive evidence for COVID",
        map_title="Grad-CAM for COVID",
        facts=facts,
        notes=notes,
        run="20260101-000000-resnet10t-0000",
        data_fingerprint="f" * 64,
        made="2026-01-01T00:00:00+00:00",
    )


def a_note(reader: str, text: str, mark: Mark | None = None) -> Note:
    return Note("0" * 64, reader, "poor-image", "low", "", text, mark, at="2026-01-01T00:00:00.000+00:00", id="1" * 32)


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def inflated(pdf: bytes) -> bytes:
    """A PDF with its streams as they were before they were deflated."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    out = [pdf]
    for part in parts:
        try:
            out.append(zlib.decompress(part))
        except zlib.error:
            continue
    return b"\n".join(out)


def test_a_sheet_holds_the_figures_of_its_scan_and_the_notes_that_stand(noted_run):
    row = first(noted_run)
    sheet = sheet_of(noted_run, row["path"])
    facts = dict(sheet.facts)
    assert facts["Label"] == row["label"]
    assert facts["Threshold"].startswith("0.5, ")
    assert facts["Cell"] in ("found", "missed", "cleared", "false alarm")
    assert float(facts["P(COVID)"]) + float(facts["P(non-COVID)"]) == pytest.approx(1, abs=2e-6)
    assert [note.reader for note in sheet.notes] == ["Ada", "Ben"]
    assert (sheet.run, sheet.data_fingerprint) == (noted_run.id, noted_run.record.data_fingerprint)
    assert sheet.scan_map.heat.shape == sheet.scan.shape
    again = sheet_of(noted_run, row["sha256"][:12])
    assert again.facts == sheet.facts


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (1e-9, "under 0.000001"),
        (1 - 1e-9, "over 0.999999"),
        (0.25, "0.25"),
        (0.1234567, "0.123457"),
    ],
)
def test_a_probability_is_never_said_to_be_certain_where_it_is_not(value, says):
    assert _share(value) == says


def test_a_sheet_names_neither_file_nor_group(noted_run):
    row = first(noted_run)
    sheet = sheet_of(noted_run, row["path"])
    told = " ".join(f"{name} {value}" for name, value in sheet.facts)
    assert row["path"] not in told
    assert Path(row["path"]).name not in told
    assert row["group"] not in told


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_a_file_says_nothing_of_who_and_where(noted_run, kind):
    row = first(noted_run)
    content = inflated(sheet_bytes(sheet_of(noted_run, row["path"]), kind))
    for secret in (row["path"], row["group"], str(noted_run.folder), noted_run.record.data, "Author", "root@"):
        assert secret.encode() not in content


def test_both_files_are_one_a4_page(noted_run):
    sheet = sheet_of(noted_run, first(noted_run)["path"])
    pdf, png = sheet_bytes(sheet, "pdf"), sheet_bytes(sheet, "png")
    assert pdf.startswith(b"%PDF")
    assert pages_in(pdf) == 1
    (box,) = re.findall(rb"/MediaBox \[ ?([\d. ]+?) ?\]", pdf)
    assert [float(side) for side in box.split()] == pytest.approx([0, 0, 595.4, 841.7], abs=0.5)
    assert b"FontFile" in pdf or b"Type3" in pdf  # fonts travel with the file
    picture = Image.open(io.BytesIO(png))
    assert picture.size == (1240, 1753)
    assert picture.info.keys() <= {"Software", "dpi"}


def test_a_run_without_maps_gets_a_sheet_that_says_so(noted_run, monkeypatch):
    from core.explanation import stages

    def none(model):
        raise RequestError("this backbone has no stages of feature maps")

    monkeypatch.setattr(stages, "stages", none)
    sheet = sheet_of(noted_run, first(noted_run)["path"])
    assert sheet.scan_map is None
    assert "no stages" in sheet.map_says
    assert sheet_bytes(sheet, "png")


@pytest.mark.parametrize("wrong", [{"method": "guess"}, {"target": "flu"}, {"layer": "nowhere"}])
def test_what_is_not_there_is_said(finished_run, wrong):
    with pytest.raises(RequestError):
        sheet_of(finished_run, first(finished_run)["path"], **wrong)


@pytest.mark.parametrize("scan", ["nothing.png", "", "../secret.png", "ffffffffffff", "a(b"])
def test_a_scan_that_the_run_does_not_have_is_said(finished_run, scan):
    with pytest.raises(RequestError, match="expected a scan of run"):
        sheet_of(finished_run, scan)


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_odd_letters_and_long_texts_stay_on_one_page(kind):
    facts = (("Label", ODD), ("A very long name of a fact " * 3, "x" * 400), *((f"P({n})", "1") for n in range(60)))
    notes = tuple(a_note(ODD, f"{ODD} " * 80 + "w" * 500 + "\n\n" + "line\n" * 50) for _ in range(5))
    content = sheet_bytes(made_sheet(notes=notes, facts=facts), kind)
    assert pages_in(content) == 1 if kind == "pdf" else content.startswith(b"\x89PNG")


@pytest.mark.parametrize("side", [(1, 1), (2000, 40), (40, 2000), (512, 512)])
@pytest.mark.parametrize("maximum", [0.0, 1.0])
def test_scans_of_every_shape_have_a_sheet(side, maximum):
    mark = Mark(POINT, 1.0, 1.0, 1.0, 1.0)
    assert sheet_bytes(made_sheet(side=side, maximum=maximum, notes=(a_note("Ada", "", mark),)), "png")


def test_another_kind_of_file_is_refused():
    with pytest.raises(RequestError, match="pdf or png, found 'svg'"):
        sheet_bytes(made_sheet(), "svg")


def test_sheets_drawn_at_once_are_those_drawn_alone():
    sheets = [made_sheet(facts=(("Score", str(n)),)) for n in range(3)]
    alone = [sheet_bytes(sheet, "png") for sheet in sheets]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda sheet: sheet_bytes(sheet, "png"), sheets)) == alone
    assert len(set(alone)) == 3


@settings(max_examples=60)
@given(st.text(max_size=80), st.floats(0.5, 5))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text, width_in):
    safe = printable(text)
    lines = wrapped(safe, size_pt=8.5, width_in=width_in)
    assert "".join("".join(lines).split()) == "".join(safe.split())
    for line in lines:
        assert len(line) <= 1 or width_of(line.strip(), size_pt=8.5) <= width_in + 1e-6


def test_letters_that_the_font_lacks_have_a_stand_in():
    assert printable("張 A") == f"{STAND_IN} A"
    assert printable("a\x07b\u202ec\u00a0d\te") == "abc d e"
    assert printable("e\u0301") == "é"


def test_what_is_cut_says_how_much():
    assert cut_lines(["a", "b", "c"], 2, says="{left} more") == ["a", "2 more"]
    assert cut_lines(["a", "b"], 2, says="{left} more") == ["a", "b"]


def test_the_command_writes_the_page(finished_run, tmp_path, capsys):
    runs, path = str(finished_run.folder.parent), first(finished_run)["path"]
    for name, status in (("case.pdf", 0), ("new/case.png", 0), ("case.txt", 2)):
        assert main(["sheet", finished_run.id, path, "--runs", runs, "--out", str(tmp_path / name)]) == status
        assert (tmp_path / name).exists() == (status == 0)
    assert RESEARCH_ONLY in capsys.readouterr().out


def test_a_map_that_takes_a_while_is_not_waited_for(finished_run):
    sheet = sheet_of(finished_run, first(finished_run)["path"], method="scorecam")
    assert sheet.scan_map is None
    assert "Score-CAM takes a while" in sheet.map_says


def test_a_map_that_was_worked_out_before_is_on_the_sheet(noted_run):
    from core.analyses.slow_map import read_slow_map

    path = first(noted_run)["path"]
    asked = ["--set", f"path={path}", "--set", "method=scorecam", "--set", "target=COVID"]
    runs = str(noted_run.folder.parent)
    assert main(["analyse", noted_run.id, "slow-map", *asked, "--runs", runs]) == 0
    assert read_slow_map(noted_run, path, "COVID", "scorecam") is not None
    sheet = sheet_of(noted_run, path, target="COVID", method="scorecam")
    assert sheet.map_title == "Score-CAM for COVID"
    assert sheet.scan_map.heat.shape == sheet.scan.shape
