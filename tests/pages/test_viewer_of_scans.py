"""The viewer: what the browser is sent, what it may say, and maps that are right however many people page at once."""

import json
import threading
import zlib

import numpy as np
import pytest
import streamlit as st
from conftest import write_finished_run, write_tiny_dataset

from core.data.images import read_scan, resize_scan
from core.errors import DatasetError
from core.explanation.maps import LIVE_METHODS, explain
from core.models.weights import load_run_model
from core.review.notes.marks import Mark
from core.review.notes.verdicts import VERDICTS
from core.review.pictures import heat_of
from core.runs import read_index, read_predictions
from pages.review.viewer import component, payload, view
from pages.review.viewer.keys_shown import KEYS
from pages.shared import cached_viewed, state
from pages.shared.cached_viewed import Asked, Outline

GRADCAM = Asked("COVID", "gradcam")


def unpacked(content):
    """As unpacking.js reads it."""
    length = int.from_bytes(content[:4], "little")
    header, blobs, at = json.loads(content[4 : 4 + length]), [], 4 + length
    for size in header["bytes"]:
        blobs.append(zlib.decompress(content[at : at + size]))
        at += size
    assert at == len(content)
    return header, blobs


def paths_of(run):
    return read_predictions(run)["path"].tolist()


def sent_maps(run, path, *asked):
    key = view.case_key(run, path)
    return unpacked(payload.maps_payload(key, [cached_viewed.heat(run, path, each) for each in asked]))


def is_ready(run, path, asked):
    return cached_viewed._heats().has(cached_viewed._heat_key(run, path, asked))


def test_a_case_arrives_with_its_pixels_and_its_place_among_the_slices(tiny_run):
    path = paths_of(tiny_run)[0]
    slices = cached_viewed.slices(tiny_run, path)
    mark = Mark("point", 0.5, 0.25, 0.5, 0.25)
    header, blobs = unpacked(
        payload.case_payload(
            view.case_key(tiny_run, path),
            cached_viewed.picture(tiny_run, path),
            label=path,
            at=slices.index(path),
            count=len(slices),
            mark=mark,
            noted=(),
        )
    )
    scan = read_scan(f"{tiny_run.record.data}/{path}")
    assert np.array_equal(np.frombuffer(blobs[0], np.uint8).reshape(scan.shape), scan)
    assert (header["at"], header["count"]) == (0, 2)
    assert Mark.from_dict(header["mark"]) == mark


def test_slices_are_those_of_the_group_in_every_split(tiny_run):
    index = read_index(tiny_run)
    for path, group in zip(index["path"], index["group"], strict=True):
        assert set(cached_viewed.slices(tiny_run, path)) == set(index.loc[index["group"] == group, "path"])


def test_class_score_and_unscaled_maximum_stand_beside_every_map(tiny_run):
    path = paths_of(tiny_run)[0]
    asked = [Asked("COVID", method) for method in LIVE_METHODS[:4]]
    header, _ = sent_maps(tiny_run, path, *asked)
    for sent, each in zip(header["maps"], asked, strict=True):
        found = cached_viewed.heat(tiny_run, path, each)
        assert f"score for COVID {found.target_score:.3f}" in sent["figures"]
        assert f"unscaled maximum {found.maximum:.3g}" in sent["figures"]


def test_a_zero_map_says_so(tiny_run, monkeypatch):
    from dataclasses import replace

    from core.explanation import maps

    path = paths_of(tiny_run)[0]
    real = explain(load_run_model(tiny_run), np.zeros((40, 40), np.uint8))
    empty = replace(real, heat=np.zeros((32, 32), np.float32), maximum=0.0)
    monkeypatch.setattr(maps, "explain", lambda *args, **kwargs: empty)
    header, _ = sent_maps(tiny_run, path, GRADCAM)
    assert header["maps"][0]["says"].startswith("No positive evidence for COVID")
    assert not header["maps"][0]["has_places"]


def test_a_map_that_cannot_be_made_leaves_the_scan_and_says_why(app, tiny_run, monkeypatch):
    from core.errors import RequestError
    from core.explanation import maps

    sent = []
    monkeypatch.setattr(component, "mount_maps", lambda key, content: sent.append(unpacked(content)[0]))

    def refuses(*_args, **_kwargs):
        raise RequestError("this backbone has no stages")

    monkeypatch.setattr(maps, "explain", refuses)
    at = app("review/page.py")
    assert not at.exception
    assert sent[-1]["maps"][0]["says"] == "this backbone has no stages"


def test_ten_readers_at_once_get_the_maps_of_one_thread(tmp_path):
    run = write_finished_run(tmp_path / "runs", write_tiny_dataset(tmp_path / "ten"))
    network = load_run_model(run)
    right = {}
    for path in paths_of(run)[:16]:
        square = resize_scan(read_scan(f"{run.record.data}/{path}"), network.image_size)
        right[path] = heat_of(explain(network, square, target="COVID", square=square)).packed
    wrong, errors = [], []

    def pages(reader):
        order = np.random.default_rng(reader).permutation(list(right))
        try:
            for path in order:
                if cached_viewed.heat(run, str(path), GRADCAM).packed != right[path]:
                    wrong.append((reader, path))
                cached_viewed.picture(run, str(path))
        except Exception as error:
            errors.append(error)

    readers = [threading.Thread(target=pages, args=(number,)) for number in range(10)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert errors == []
    assert wrong == []


def test_what_a_reader_has_asked_for_is_there_at_once_the_second_time(tiny_run):
    path = paths_of(tiny_run)[0]
    assert not is_ready(tiny_run, path, GRADCAM)
    cached_viewed.heat(tiny_run, path, GRADCAM)
    assert is_ready(tiny_run, path, GRADCAM)


def test_a_case_has_the_scans_beside_it_computed_ahead(app, tiny_run, monkeypatch):
    from pages.shared import ahead

    wished = []
    monkeypatch.setattr(ahead.Ahead, "wish", lambda self, wisher, tasks: wished.append(list(tasks)))
    at = app("review/page.py", query={"cell": "found", "split": "train", "run": tiny_run.id})
    assert not at.exception
    for task in wished[-1]:
        task()
    shown = at.session_state["case"]
    next(button for button in at.button if button.label == "Next").click().run()
    assert at.session_state["case"] != shown
    assert is_ready(tiny_run, at.session_state["case"], at.session_state[state.MAP_ASKED][tiny_run.id])


def test_no_path_leads_out_of_the_dataset(tiny_run):
    for ask in (cached_viewed.picture, cached_viewed.outline, lambda run, path: cached_viewed.heat(run, path, GRADCAM)):
        with pytest.raises(DatasetError, match="refused"):
            ask(tiny_run, "../../secret.png")


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"key": "k", "slices": ["x"], "outline": False},
        {"key": "k", "slices": [-1], "outline": False},
        {"key": "k", "slices": [float("nan")], "outline": False},
        {"key": "k", "slices": 3, "outline": False},
    ],
)
def test_a_wish_that_the_viewer_never_has_is_none(monkeypatch, content):
    monkeypatch.setattr(st, "session_state", {"one": {"wished": content}})
    assert component.wished_in("one") is None


def test_a_wish_is_bounded(monkeypatch):
    monkeypatch.setattr(
        st, "session_state", {"one": {"wished": {"key": "k", "slices": list(range(999)), "outline": True}}}
    )
    wish = component.wished_in("one")
    assert wish.slices == tuple(range(component.MOST_SLICES_AT_ONCE))


def test_a_mark_is_kept_for_its_scan_and_taken_away(monkeypatch, tiny_run):
    drawn = {"kind": "rectangle", "x0": 0.1, "y0": 0.2, "x1": 0.3, "y1": 0.4}
    session = {"viewer-case": {"mark": {"key": view.case_key(tiny_run, "a.png"), "mark": drawn}}}
    monkeypatch.setattr(st, "session_state", session)
    view._keep_mark()
    assert view.marked(tiny_run, "a.png") == Mark.from_dict(drawn)
    assert view.marked(tiny_run, "b.png") is None
    session["viewer-case"] = {"mark": {"key": view.case_key(tiny_run, "a.png"), "mark": {"kind": "star"}}}
    view._keep_mark()
    assert view.marked(tiny_run, "a.png") is not None, "what is no mark changes nothing"
    view.forget_mark(tiny_run, "a.png")
    assert view.marked(tiny_run, "a.png") is None


def test_slices_that_cannot_be_read_say_why_and_an_outline_goes_along():
    content = payload.slices_payload("k", {3: "gone"}, Outline((((0.0, 0.5), (1.0, 0.5)),), ""))
    header, _ = unpacked(content)
    assert header["slices"] == [{"at": 3, "picture": None, "problem": "gone"}]
    assert header["outline"] == {"polygons": [[[0.0, 0.5], [1.0, 0.5]]], "refused": ""}


def test_the_list_of_keys_has_the_verdicts_and_every_key_of_the_script():
    listed = " ".join(keys for keys, _ in KEYS).lower().split()
    assert set(listed) >= {str(number) for number in range(1, len(VERDICTS) + 1)}
    script = component.script()
    table = script[script.index("const KEYS = {") :]
    in_script = [line.strip().split(":")[0].strip('"') for line in table[: table.index("\n}")].splitlines()[1:]]
    assert set(in_script) - {"="} <= set(listed)
