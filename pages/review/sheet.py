"""One case to take along: as PDF or PNG, and as the page prints."""

from functools import partial

import pandas as pd
import streamlit as st

from core.runs import Run
from pages.shared import cached

# The page as it is printed: the case alone, dark on white, without what can only be clicked.
_PRINT = """
<style>
@media print {
  @page { size: A4; margin: 12mm }
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stDecoration"],
  [data-testid="stButton"], [data-testid="stDownloadButton"], [data-testid="stFormSubmitButton"],
  [data-testid="stTextInput"], [data-testid="stTextArea"], [data-testid="stTabs"], [data-testid="stExpander"],
  [data-testid="stSelectbox"], [data-testid="stMultiSelect"], [data-testid="stButtonGroup"],
  [data-testid="stPopover"], .viewer-tools, .viewer-slices { display: none !important }
  .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] {
    position: static !important; display: block !important; height: auto !important; overflow: visible !important
  }
  [data-testid="stMainBlockContainer"] { padding: 0 !important; max-width: none !important }
  html, body, .stApp, [data-testid="stMain"] { background: #ffffff !important }
  .stApp * { color: #15191f !important; text-shadow: none !important }
  figure, canvas, img { max-height: 130mm; break-inside: avoid }
  .viewer-panels { background: #ffffff !important }
}
</style>
"""


def show_sheet(run: Run, case: pd.Series, *, target: str, method: str, layer: str) -> None:
    """Buttons for the sheet of a case; it is drawn when one is pressed.

    Args:
        run: whose network is asked.
        case: of the worklist, with its path.
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
                file_name=f"case-{str(case.get('content', ''))[:12] or 'sheet'}.{kind.lower()}",
                mime=mime,
                icon=":material/download:",
                key=f"sheet-{kind}",
                on_click="ignore",
                help="Scan, map, numbers and notes on one page. It holds no file's name and no patient's.",
            )
        st.caption("Or print this page: the scan and what stands beside it are on paper then.")


def _sheet(run: Run, path: str, target: str, method: str, layer: str, kind: str) -> bytes:
    from core.review.sheet import sheet_of
    from core.review.sheet_page import sheet_bytes

    made = sheet_of(run, path, target=target, method=method, layer=layer, model=cached.model(run))
    return sheet_bytes(made, kind)
