"""Every session key, named and typed. What a link carries of it: `pages.shared.links`.

Buttons and tables that keep nothing have keys of their own, beside where they are drawn.
"""

import streamlit as st

# On every page
KEPT = "-kept"  # after a key of tabs, str: the one that was open last, which Streamlit forgets with the page
PICKED_RUN = "picked_run"  # str: id of the run in the sidebar
# A worklist and its case
CASE = "case"  # str: path of the scan under review, as in the run's index
CELL = "cell"  # str: one or several of missed, false alarm, found, cleared, with commas between; or any
SPLIT = "split"  # str: of the worklist: train, val, test or any
TRUTH = "truth"  # str: of three or more classes, only scans of this one; else empty
PREDICTED = "predicted"  # str: and only those called this one
WHERE = "where"  # str: subgroups of the worklist, as core.review.worklists.filters writes them; so the next five
SCORE_RANGE = "score_range"  # str: bounds of the score
GROUP = "group"  # str: only scans of this group
ONLY = "only"  # str: near, mislabelled, outside, unread, with commas between
ORDER = "order"  # str: by what the worklist is sorted
AREA = "area"  # str: a polygon on the map of all scans
WORKLIST_CHOICE = "worklist-choice-"  # + name of a choice: its widget, which follows the address
VIEW = "view"  # str: what the review page shows: cases, all or run
WORKLIST_TURN = "worklist_turn"  # int: how often the case was turned by button, which the table must not answer to
NARROW_OPEN = "narrow_open"  # bool: whether its further choices are unfolded
VIEW_CHOICE = "view_choice"  # str: the widget that shows it
WORKLIST_PICTURES = "worklist_pictures"  # bool: whether its table has thumbnails
CASE_ASKED = "case_asked"  # str: a case that a link or another page asked for, which is shown whatever the worklist is
CASE_TAB = "case_tab"  # str: title of the tab below the case; + KEPT, as for the other tabs
RUN_TAB = "run_tab"  # str: title of the tab of the run as a whole
MAP_METHOD = "map_method"  # str: key of core.explanation.maps.METHODS on the review page
MAP_TARGET = "map_target"  # str: class asked about there
MAP_LAYER = "map_layer"  # str: stage that maps are of; + "-one-" or "-several-" and run id, so target and method too
MAPS_COMPARED = "maps_compared"  # str: one, or what stands side by side: classes, methods, layers
MAP_ASKED = "map_asked"  # dict[str, Asked]: the first map shown last, by run id
FAITHFUL_METHODS_OF_RUN = "faithful-methods-"  # + run id, list[str]: methods whose maps are measured for the run
MARKS = "marks"  # dict[str, core.review.notes.marks.Mark]: drawn in the viewer, by run id and path
SLICES_WISHED = "slices_wished"  # pages.review.viewer.component.Wish | None: what the browser has just asked for
CASES_WISHED = "cases_wished"  # pages.review.viewer.component.CasesWish | None: whose neighbours are asked for
OUTLINE_WANTED = "outline_wanted"  # bool: whether outlines are looked at in this session
SCAN_MAP = "scan-map-"  # + run id, map and colouring: the chart of all scans
SCAN_MAP_KIND = "scan_map_kind"  # str: key of core.explanation.projection.MAPS
SCAN_MAP_COLOUR = "scan_map_colour"  # str: cell, label, split, score or a column of the run's index
READER = "reader"  # str: who reads, as the notes say it
NOTE_CONFIDENCE = "note-confidence-"  # + reader, "-" and content of a scan, str | None: how sure the reader is
NOTE_TEXT = "note-text-"  # + reader, "-" and content of a scan, str: the remark, as typed
NOTE_RIGHT_LABEL = "note-right-label-"  # + reader, "-" and content of a scan, str | None: what a wrong label should be
NOTE_LAST = "note_last"  # pages.review.notes.Saved: the note kept last in this session
NOTE_PROBLEM = "note_problem"  # str: why a note could not be kept or taken back, said once
NOTE_GO_ON = "note_go_on"  # bool: whether a verdict turns to the next case
NOTES_FIGURES_SPLIT = "notes_figures_split"  # str: val or test, whose figures are shown before and after
NOTES_COPY_NAME = "notes_copy_name"  # str: name of a corrected copy to be
NOTES_TAKEN = "notes_taken"  # str: what came of the last import, said once
# Performance
SPLIT_ON_PERFORMANCE = "split_on_performance"  # str: val or test as somebody chose it there or by a link; else empty
SPLIT_SHOWN = "split_shown"  # str: the widget: that one where the run has it, else the run's best
CONFUSION_SHOWN = "confusion_shown"  # str: counts, rows or columns: what stands large in the matrix
LOW_FNR_CORNER = "low_fnr_corner"  # bool: whether the ROC is shown as misses against false alarms, on logarithmic axes
OVERLAY_OTHER_SPLIT = "overlay_other_split"  # bool: whether the curves of the other split are drawn too
BY_PATIENT = "by_patient"  # bool: whether the page counts patients instead of scans
JOINING = "joining"  # str: how a patient's scores are joined, as core.evaluation.patients.Joining.text
CALIBRATION_BINNING = "calibration_binning"  # str: how scores are cut into bins
SUBGROUP_PICKED = "subgroup-picked-"  # + run id and split, tuple[str, str]: column and part that somebody picked
SUBGROUP_SHOWN = "subgroup_shown"  # tuple[str, str]: the widget: that one where it is there, else the worst
CALIBRATED_OF_RUN = "calibrated-"  # + run id, bool: the switch for calibrated scores; what counts lies with the run
CALIBRATION_PROBLEM = "calibration_problem"  # str: why the switch could not be thrown, said once
# Threshold
THRESHOLD_DRAFTS = "threshold_drafts"  # dict[str, Draft]: thresholds being tried and not saved, by run id
THRESHOLD_SAVED = "threshold_saved"  # str: what the threshold page has to say after the next run of it
THRESHOLD_TURNS = "threshold_turns"  # dict[str, int]: how often the dials were let go of, by run id
THRESHOLD_TAB = "threshold_tab"  # str: title of the tab below the dials
DIALS_OF_RUN = "dials-"  # + run id and key of its scores: handles, counts and rates in the browser
RULE_KIND_OF_RUN = "rule-kind-"  # + run id, str: which rule the form shows, as pages.threshold.rules_form names it
RULE_NUMBER_OF_RUN = "rule-number-"  # + name of a parameter, "-" and run id, float: its value there
SURE_OF_RUN = "sure-"  # + name of a target, "-" and run id, bool: whether it is to be promised for new scans
PATIENTS_SPLIT = "patients_split"  # str: val or test, whose rates are carried over to people
PREVALENCE_PERCENT = "prevalence_percent"  # float: how many of 100 people have it
MISS_COST = "miss_cost"  # float: what a miss costs, where a false alarm costs 1
BACK_TO_OF_RUN = "back-to-"  # + run id and number of the last change, int: that of the change wanted again
PROBLEM_OF_RUN = "problem-"  # + run id, str: why nothing could be picked, said once
# Reading study
STUDY = "study"  # str: id of the study shown
STUDY_LIST = "study_list"  # str: the widget that shows it
STUDY_TAB = "study_tab"  # str: title of the tab below it
STUDY_READER = "study_reader"  # str: who reads in this session just now; empty: nobody, or a pause
NEW_STUDY = "new-study-"  # + name of a field, its value on the form
STUDY_NAME = "study_name"  # str: the name as typed
STUDY_RATING = "study_rating"  # tuple[int, str, int]: of the case on screen: its number, the phase, what was chosen
STUDY_SHOWN = "study_shown"  # tuple[str, str, int, str, float]: what is on screen, and since when (time.monotonic)
STUDY_TRUTH = "study_truth"  # int: number of the case whose truth is on screen
STUDY_FIGURES = "study-results-"  # + id of a study, bool: whether its figures are shown
STUDY_PROBLEM = "study_problem"  # str: why an answer could not be kept, said once
# Dataset and training
DATA_FOLDER = "data_folder"  # str: the dataset last opened, or the one that the address asks for
ALLOWED_FOLDER = "allowed_folder"  # str: the folder that somebody said in this session to look at
DATASET_TYPED = "dataset_typed"  # str: the field on the dataset page
DATASET_KNOWN = "dataset_known"  # str | None: the list beside it
DATASET_TO_OPEN = "dataset_to_open"  # str: a folder made by this page, to be opened by the next run of it
ARRIVED = "dataset_arrived"  # core.data.arrivals.receive.Arrived: what was uploaded last in this session
ARRIVALS_TURN = "arrivals_turn"  # int: how many uploads became datasets; another turn has empty fields
ARRIVAL_KIND = "arrival_kind"  # str: zip, folder, files or public
ARRIVAL_NAME = "arrival-name-"  # + turn, str: name of the dataset to be
ARRIVAL_FILES = "arrival-files-"  # + kind and turn, uploaded files; of single files also the number of the class
ARRIVAL_CLASS = "arrival-class-"  # + turn and number, str: class of single files
ARRIVAL_CLASSES = "arrival-classes-"  # + turn, int: how many classes single files are chosen for
AUDIT_BEGUN = "audit_begun"  # str: fingerprint of the dataset whose audit was begun last in this session
FINDING_OPEN = "finding-open-"  # + id of a finding, bool: whether its scans are unfolded
GROUP_KIND = "group-kind-"  # + folder, str: way to group that is being tried
GROUP_PATTERN = "group-pattern-"  # + folder, str: its pattern
GROUP_BLOCK = "group-block-"  # + folder, int: its size of blocks
SPLIT_WAYS = "split_ways"  # dict[str, str]: chosen way to split by dataset folder, as core.data.split_ways reads it
SPLIT_KIND = "split-kind-"  # + page and folder, str: its kind
SPLIT_COLUMN = "split-column-"  # + page and folder, str: column whose value is left out
SPLIT_VALUE = "split-value-"  # + page, folder and column, str: that value
SPLIT_FOLD = "split-fold-"  # + page and folder, int: number of the fold that is test
SPLIT_FOLDS = "split-folds-"  # + page and folder, int: of how many
POSITIVE = "positive"  # dict[str, str]: chosen positive class by dataset folder
POSITIVE_OF_FOLDER = "dataset_positive-"  # + folder, str: its select box
GALLERY_CLASS = "gallery_class"  # str: class that the gallery is narrowed to, or "All"
GALLERY_SPLIT = "gallery_split"  # str: split, likewise
GALLERY_STATE = "gallery_state"  # str: usable or not, likewise
GALLERY_PAGE = "gallery-page-"  # + what is shown, int: its page
WHOLE_INDEX = "whole_index"  # bool: whether the index is unfolded
PRESET = "preset"  # str: the one that the form shows
SETTING = "setting-"  # + preset and field, its value on the form
FIRST_WEIGHTS = "first-weights-"  # + preset, str: hub, scratch, a local file or another run; + kind, str: which one
TRAINING_TAB = "training-tab"  # str: Runs, Queue or Sweeps
TRAINING_TAB_WANTED = "training-tab-wanted"  # str: the one to open with the next run of the page
FORM_DONE = "form_done"  # str: folder of the dataset that a training was started on last; its form is folded then
SWEEP_FORM_OPEN = "sweep-form-open-"  # + preset, bool: whether it is unfolded
SWEEP_FIELDS = "sweep-fields-"  # + preset, list[str]: what is varied
SWEEP_VALUES = "sweep-values-"  # + preset and field, str: its values, as typed
SWEEP_RULE = "sweep_rule"  # str: by what trials are ranked
WATCHED_SWEEP = "watched_sweep"  # str: id of the sweep shown
SEEN_OPEN = "seen-open-"  # + run id, bool: whether its first batch is unfolded
WATCHED_RUN = "watched_run"  # str: id of the run shown on the training page
# Prediction
UPLOADS = "uploads"  # list of uploaded files
PREDICTION_TARGET = "prediction_target"  # str: class asked about there
PREDICTION_METHOD = "prediction_method"  # str: key of core.explanation.maps.METHODS
PREDICTION_OPACITY = "prediction_opacity"  # float: of the heat, in [0, 1]
PREDICTIONS_PAGE = "predictions-page-"  # + number of pages, int: its page
ADDRESS_WAS_READ = "address_was_read"  # bool: whether the address has been taken into the session
WANTED_RUN = "wanted_run"  # str: a run asked for while the sidebar was drawn already


def get(key: str, default: str = "") -> str:
    """The text under a session key."""
    return str(st.session_state.get(key, default))


def put(key: str, value: str) -> None:
    """Keep a text under a session key. For a widget's key: only in callbacks, before the widget is drawn."""
    st.session_state[key] = value


def take(key: str) -> str:
    """The text under a session key, which is empty from now on."""
    return str(st.session_state.pop(key, ""))


def session_id() -> str:
    """What tells this browser session from others on this server."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return "" if context is None else context.session_id
