"""The keys of the review, as `?` lists them: those of the viewer (keys.js) and those of the page around it."""

from core.review.notes.verdicts import VERDICTS

KEYS = (
    ("← →", "previous and next case"),
    *((str(number), f"verdict: {words.lower()}") for number, words in enumerate(VERDICTS.values(), start=1)),
    ("U", "take the last verdict back"),
    ("H", "map on and off"),
    ("D", "heat, contour, masked"),
    ("O", "outline of the lungs on and off"),
    ("[ ]", "slice before and after; on the scan ↑ and ↓, or the wheel"),
    ("+ -", "zoom; or Ctrl and the wheel, or two fingers"),
    ("0", "the whole scan; or a double click"),
    ("Shift", "and arrows, on the scan: pan; or drag"),
    ("I", "black is white"),
    ("W", "the window that it began with; drag with the right button or Shift to change it"),
    ("P R", "mark a point, a rectangle; Enter marks the middle"),
    ("Esc", "stop marking"),
    ("?", "this list"),
)
