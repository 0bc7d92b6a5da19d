"""What goes to the browser: a header in JSON and deflated blobs, as unpacking.js reads them."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from core.explanation.maps import METHODS
from core.review.notes.marks import Mark
from core.review.pictures import Heat, Picture, heat_colours
from pages.shared.cached_viewed import Outline

_NOTHING = zlib.compress(b"\0")


def packed(header: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """Four bytes with the header's length (little endian), the header with the blobs' lengths, the blobs."""
    text = json.dumps({**header, "bytes": [len(blob) for blob in blobs]}, allow_nan=False).encode()
    return b"".join((len(text).to_bytes(4, "little"), text, *blobs))


def script_payload(help_lines: Sequence[tuple[str, str]]) -> bytes:
    """What all cases share: the colours of heat, and the keys with what they do."""
    return packed({"part": "script", "colours": heat_colours().hex(), "help": list(help_lines)})


def case_payload(
    key: str, picture: Picture, *, label: str, at: int, count: int, mark: Mark | None, noted: Sequence[Mark]
) -> bytes:
    """A case with its picture.

    Args:
        key: of the run and the scan.
        picture: of the scan.
        label: what is shown, for those who do not see it.
        at, count: which slice of its group it is, from 0, and how many there are.
        mark: drawn and not in a note yet.
        noted: marks of its notes.
    """
    header = {
        "part": "case",
        "key": key,
        "version": f"{key}-{_version(picture.packed)}",
        "picture": _facts(picture),
        "label": label,
        "at": at,
        "count": count,
        "mark": None if mark is None else mark.to_dict(),
        "noted": [each.to_dict() for each in noted],
    }
    return packed(header, [picture.packed])


def maps_payload(key: str, maps: Sequence[Heat | str], *, problem: str = "", is_of_two: bool = False) -> bytes:
    """The maps of a case, side by side; instead of one the words why there is none.

    Args:
        key: of the run and the scan.
        maps: at most four.
        problem: why there are none at all.
        is_of_two: as in `figures`.
    """
    shown = [_said(each) if isinstance(each, str) else _map_facts(each, is_of_two) for each in maps]
    blobs = [_NOTHING if isinstance(each, str) else each.packed for each in maps]
    version = _version(json.dumps([key, problem, shown]).encode(), *blobs)
    return packed({"part": "maps", "key": key, "version": version, "maps": shown, "problem": problem}, blobs)


def slices_payload(key: str, slices: Mapping[int, Picture | str], outline: Outline | None) -> bytes:
    """Slices of a case's group by number, or why one cannot be read, and the case's outline where it was asked for."""
    facts: list[dict[str, Any]] = []
    for at, picture in slices.items():
        known = {"picture": None, "problem": picture} if isinstance(picture, str) else {"picture": _facts(picture)}
        facts.append({"at": at, **known})
    drawn = None if outline is None else {"polygons": outline.polygons, "refused": outline.refused}
    blobs = [_NOTHING if isinstance(picture, str) else picture.packed for picture in slices.values()]
    return packed({"part": "slices", "key": key, "slices": facts, "outline": drawn}, blobs)


def coming_payload(key: str, order: Sequence[str], near: Sequence[str], asked: str, painted: int) -> bytes:
    """Say that a case is painted in full.

    Args:
        key: of the run and the scan.
        order: keys of the worklist around it, itself among them.
        near: those of them that the browser should hold, the likeliest first.
        asked: tells maps as they are shown now from others.
        painted: tells one painting of the same case from another.
    """
    header = {"part": "coming", "answer": False, "key": key, "order": list(order), "near": list(near)}
    return packed({**header, "asked": asked, "painted": painted})


def cases_payload(key: str, asked: str, tries: int, cases: Sequence[tuple[bytes, bytes]], *, lacking: int) -> bytes:
    """Cases near the one with this key, each as `case_payload` and `maps_payload` give it.

    Args:
        key, asked: as in `coming_payload`.
        tries: how often the browser has asked before.
        cases: those that are ready.
        lacking: how many are not ready yet.
    """
    header = {"part": "coming", "answer": True, "key": key, "asked": asked, "tries": tries, "lacking": lacking}
    return packed({**header, "cases": len(cases)}, [part for case in cases for part in case])


def figures(heat: Heat, *, is_of_two: bool = False) -> str:
    """Class score and unscaled maximum, which stand beside every map, and how coarse it is.

    Args:
        heat: the map.
        is_of_two: whether the run's own score is the mean with the mirror image, which this one is not.
    """
    score = f"score for {heat.target}" if heat.target == heat.target_words else "score for the positive class"
    height, width = heat.side
    alone = " for the scan as it is (the worklist has the mean with its mirror image)" if is_of_two else ""
    return f"{score} {heat.target_score:.3f}{alone} · unscaled maximum {heat.maximum:.3g} · {height} x {width} cells"


def _facts(picture: Picture) -> dict[str, Any]:
    return {name: value for name, value in vars(picture).items() if name != "packed"}


def _map_facts(heat: Heat, is_of_two: bool) -> dict[str, Any]:
    method = METHODS[heat.method]
    return {
        "width_px": heat.width_px,
        "height_px": heat.height_px,
        "has_places": heat.has_places,
        "title": f"{method} for {heat.target_words}, {heat.layer}",
        "method_words": method,
        "target_words": heat.target_words,
        "figures": figures(heat, is_of_two=is_of_two),
        "says": heat.says[:1].upper() + heat.says[1:],
    }


def _said(words: str) -> dict[str, Any]:
    none = {"width_px": 1, "height_px": 1, "has_places": False, "method_words": "", "target_words": ""}
    return {**none, "title": "", "figures": "", "says": words}


def _version(*contents: bytes) -> str:
    return "-".join(str(zlib.crc32(content)) for content in contents)
