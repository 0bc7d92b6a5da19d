"""Every visit starts here, a deep link too: page config, navigation, the sidebar, the page, the warm-up."""

from pathlib import Path

import streamlit as st

from pages.shared import frame, links, warmup

st.set_page_config(
    page_title="CT Explorer",
    page_icon=str(Path(__file__).with_name("icon.png")),  # an icon by name would be fetched from the network
    layout="wide",
    initial_sidebar_state=300,
)

page = st.navigation(
    {
        "": [st.Page("home/page.py", title="Start", icon=":material/home:", url_path="start", default=True)],
        "Model": [
            st.Page("dataset/page.py", title="Dataset", icon=":material/folder_open:", url_path="dataset"),
            st.Page("training/page.py", title="Training", icon=":material/model_training:", url_path="training"),
        ],
        "Evidence": [
            st.Page(
                "performance/page.py",
                title="Performance",
                icon=":material/monitoring:",
                url_path="performance",
            ),
            st.Page("threshold/page.py", title="Threshold", icon=":material/tune:", url_path="threshold"),
            st.Page("review/page.py", title="Review", icon=":material/rate_review:", url_path="review"),
            st.Page("study/page.py", title="Reading study", icon=":material/clinical_notes:", url_path="study"),
        ],
        "Use": [
            st.Page("prediction/page.py", title="Prediction", icon=":material/upload_file:", url_path="prediction"),
        ],
    }
)
links.read_address(page.url_path)
frame.sidebar(page.url_path)
frame.run_safely(page)
frame.footer()
warmup.start()
