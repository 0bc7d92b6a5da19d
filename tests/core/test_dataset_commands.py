"""What the command line does with a dataset: index, audit, decisions and their undoing, phantoms with options."""

import shutil

import pytest
from tiny_trainings import call

from core.data.phantoms.writing import write_phantoms


@pytest.fixture(scope="module")
def phantoms_with_a_copy(tmp_path_factory):
    """40 phantoms as class folders, one of them twice. Not to be changed."""
    made = write_phantoms(tmp_path_factory.mktemp("made") / "phantoms", count=40, seed=0)
    data = made.parent / "data"
    for label in ("lesion", "normal"):
        shutil.copytree(made / label, data / label)
    first = sorted((data / "normal").iterdir())[0]
    shutil.copy(first, first.with_name("copy-1.png"))
    return data


@pytest.fixture
def data(phantoms_with_a_copy, tmp_path):
    return shutil.copytree(phantoms_with_a_copy, tmp_path / "data")


def facts(capsys, *arguments):
    finished = call([*map(str, arguments), "--json"], capsys)
    assert finished.status == 0, finished.stderr
    return finished.facts


def test_an_audit_says_what_it_found_and_what_it_did_not(data, capsys):
    audit = facts(capsys, "audit", data)
    copies = [finding for finding in audit["findings"] if finding["kind"] == "exact-duplicate"]
    assert [finding["scans"] for finding in copies] == [2]
    assert {"severity", "says", "means", "offers", "examples", "paths"} <= set(copies[0])
    assert "shortcut" not in {finding["kind"] for finding in audit["findings"]}
    assert {"shortcut", "label-conflict"} <= {entry["kind"] for entry in audit["checked"]}
    lines = call(["audit", str(data)], capsys).stdout  # kept by now
    assert "2 scans in 1 set of copies" in lines
    assert "Traceback" not in lines


def test_a_decision_leaves_scans_out_until_it_is_undone(data, capsys):
    (copies,) = [f for f in facts(capsys, "audit", data)["findings"] if f["kind"] == "exact-duplicate"]
    decided = facts(capsys, "decide", data, copies["id"], "exclude")
    index = facts(capsys, "index", data)
    assert index["usable"] == 40
    assert index["decisions"] == [decided["says"]]
    assert index["problems"][0]["problem"].startswith("left out by decision")
    assert facts(capsys, "decide", data)["decisions"][0]["undone"] == ""
    facts(capsys, "decide", data, "--undo", decided["decision"])
    assert facts(capsys, "index", data)["usable"] == 41
    assert facts(capsys, "decide", data)["decisions"][0]["undone"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["no-such-finding", "keep"], "run `python -m core audit` first"), (["--undo", "7"], "found '7'")],
)
def test_a_decision_about_nothing_is_refused_in_one_line(data, capsys, arguments, says):
    finished = call(["decide", str(data), *arguments], capsys)
    assert finished.status == 2
    assert finished.stderr.count("\n") == 1
    assert says in finished.stderr


def test_groups_are_made_as_asked(data, capsys):
    index = facts(capsys, "index", data, "--group-by", r"pattern:/(P\d+)_")
    assert index["group_source"] == "pattern"
    assert index["groups"] < index["usable"]
    assert call(["index", str(data), "--group-by", "moon"], capsys).status == 2


def test_phantoms_come_as_asked(tmp_path, capsys):
    options = ["--count", 20, "--classes", 4, "--slices", 1, "--format", "dicom"]
    facts(capsys, "phantoms", tmp_path / "four", *options)
    index = facts(capsys, "index", tmp_path / "four")
    assert len(index["classes"]) == 4
    assert index["groups"] == index["usable"] == 20
    assert call(["phantoms", str(tmp_path / "none"), "--shortcut", "moon"], capsys).status == 2
