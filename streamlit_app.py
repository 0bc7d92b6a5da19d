"""The app: `streamlit run streamlit_app.py`. What people see begins in pages/main.py."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.shared import figures
from pages.shared.errors import on_script_error
from pages.shared.headers import DarkByDefault, SecurityHeaders

app = st.App(
    Path(__file__).parent / "pages" / "main.py",
    routes=[figures.route()],
    middleware=[Middleware(SecurityHeaders), Middleware(DarkByDefault)],
    on_script_error=on_script_error,
)
