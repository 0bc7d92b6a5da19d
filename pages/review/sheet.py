"""One case to take along: as PDF or PNG, and as the page prints."""

import html
from functools import partial

import pandas as pd
import streamlit as st

from core.review.notes.note_book import notes_of
from core.runs import Run, now_text
from pages.shared import cached

# On paper stand the scan, what is said beside it and the notes: dark on white, nothing that can only be clicked.
_PRINT = """
<style>
.st-key-case-on-paper { display: none }
@media print {
  @page { size: A4; margin: 12mm }
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stDecoration"],
  [data-testid="stButton"], [data-testid="stDownloadButton"], [data-testid="stFormSubmitButton"],
  [data-testid="stTextInput"], [data-testid="stTextArea"], [data-testid="stTabs"], [data-testid="stExpander"],
  [data-testid="stSelectbox"], [data-testid="stMultiSelect"], [data-testid="stButtonGroup"],
  [data-testid="stPopover"], [data-testid="stCheckbox"], [data-testid="stCaptionContainer"],
  [data-testid="stTooltipIcon"], .viewer-tools, .viewer-slices { display: none !important }
  .st-key-case-on-paper { display: block }
  html, body, #root, .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] {
    position: static !important; display: block !important; height: auto !important; overflow: visible !important;
    background: #ffffff !important
  }
  [data-testid="stMainBlockContainer"] { padding: 0 !important; max-width: none !important }
  .stApp * { color: #15191f !important }
  .stMarkdownBadge { background: none !important; border: 1px solid #15191f }
  .viewer-panels[data-count="1"] { width: 125mm }
  .viewer-panel canvas { max-height: none !important; print-color-adjust: exact; -webkit-print-color-adjust: exact }
  .case-on-paper { overflow-wrap: anywhere; white-space: pre-line; font-size: 10pt }
}
</style>
"""
_LONGEST_ON_PAPER = 1800  # letters: what fits beneath the scan; the rest is on the sheet, or in the app


def show_sheet(run: Run, case: pd.Series, *, target: str, method: str, layer: str) -> None:
    """Buttons for the sheet of a case; it is drawn when one is pressed.

    Args:
        run: whose network is asked.
        case: of the worklist, with its path and content.
        target: of the map on it, as `core.explanation.maps.explain` has it; so the next two.
        method: of the map.
        layer: of the map.
    """
    st.html(_PRINT)
    with st.container(horizontal=True, vertical_alignment="center"):
        for kind, mime in (("PDF", "application/pdf"), ("PNG", "image/png")):
            st.download_button(
                f"Sheet as {kind}",
                data=partial(_sheet, run, str(case["path"]), target, method, layer, kind.lower()),
                file_name=f"case-{str(case['content'])[:12]}.{kind.lower()}",
                mime=mime,
                icon=":material/download:",
                key=f"sheet-{kind}",
                on_click="ignore",
                help="Scan, map, numbers and notes on one page. It holds no file's name and no group's.",
            )
        st.caption("Or print this page.")
    with st.container(key="case-on-paper"):
        st.html(f'<div class="case-on-paper">{_on_paper(run, case)}</div>')


def _sheet(run: Run, path: str, target: str, method: str, layer: str, kind: str) -> bytes:
    from core.review.sheets.drawn import sheet_bytes
    from core.review.sheets.sheet import sheet_of

    made = sheet_of(run, path, target=target, method=method, layer=layer, model=cached.model(run))
    return sheet_bytes(made, kind)


def _on_paper(run: Run, case: pd.Series) -> str:
    """What is printed beneath the scan and never seen on the screen, as HTML with everybody's texts made harmless."""
    from core.review.sheets.sheet import RESEARCH_ONLY, note_heading

    lines = []
    for note in notes_of(run).standing():
        if note.content == case["content"]:
            lines += [note_heading(note), note.text] if note.text else [note_heading(note)]
    notes = "\n".join(lines) or "No note about this scan."
    if len(notes) > _LONGEST_ON_PAPER:
        notes = f"{notes[:_LONGEST_ON_PAPER]} … the rest is in the app"
    origin = f"Run {run.id}, data {run.record.data_fingerprint[:16]}, scan {str(case['content'])[:16]}, {now_text()}"
    return f"<b>Notes</b>\n{html.escape(notes)}\n\n{html.escape(origin)}\n<b>{RESEARCH_ONLY}.</b>"
