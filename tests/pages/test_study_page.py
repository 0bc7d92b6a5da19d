"""The reading study: nothing of the truth or the model before a reader has committed, and no step back."""

import re
from collections.abc import Callable, Iterator

import pytest
from conftest import plain
from streamlit.testing.v1 import AppTest

from core.review.studies.sample import new_study
from core.review.studies.store import StudyBook
from core.review.studies.study import AIDED, UNAIDED, Study, order_for
from core.runs import Run
from pages.shared import cached, state

PAGE = "study/page.py"
Opened = Callable[..., AppTest]


@pytest.fixture
def book(tiny_run: Run) -> StudyBook:
    """The book beside the run, with a study of four cases that tells the truth at the end."""
    book = StudyBook.of(tiny_run.folder.parent)
    book.add(new_study(tiny_run, name="First look", cases=4, several_of_a_group=True, enriched=True))
    return book


def reading(app: Opened, name: str = "Ada") -> AppTest:
    at = app(PAGE)
    at.text_input(key=state.STUDY_NAME).input(name)
    return at.button(key="FormSubmitter:begin-study-Begin or go on").click().run()


def rate(at: AppTest, rating: int) -> AppTest:
    """Choose a rating and keep it."""
    at = button(at, rf"study-rating-.*-{rating}").click().run()
    return button(at, "study-commit-").click().run()


def button(at: AppTest, key: str):
    return next(each for each in at.button if re.match(key, str(each.key)))


def sent(at: AppTest) -> str:
    """All that went to the browser, elements and address, as text."""

    def protos(block) -> Iterator[str]:
        for child in block.children.values():
            yield str(child.proto)
            if hasattr(child, "children"):
                yield from protos(child)

    return "\n".join([*protos(at.main), *protos(at.sidebar), str(dict(at.query_params))])


def tells(text: str, study: Study) -> list[str]:
    """What a text gives away of the cases: names of files, labels, scores."""
    parts = [case.path for case in study.cases] + [case.path.split("/")[-1] for case in study.cases]
    parts += [f"{case.score:.3f}" for case in study.cases] + [case.content for case in study.cases]
    return [part for part in parts if part in text]


def test_without_a_run_the_page_says_what_to_do(app: Opened) -> None:
    at = app(PAGE)
    assert "no finished run" in at.info[0].value


def test_a_study_is_made_from_the_page(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    at.text_input(key="new-study-name").input("By hand")
    at.number_input(key="new-study-cases").set_value(3)
    at = at.button(key="FormSubmitter:make-study-Make the study").click().run()
    (study,) = StudyBook.of(cached.runs_folder()).studies()
    assert (study.name, len(study.cases), study.run) == ("By hand", 3, tiny_run.id)
    assert at.query_params["study"] == study.id
    assert at.subheader[0].value == "By hand"


def test_what_cannot_be_made_is_said_on_the_page(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    at.text_input(key="new-study-name").input("Too many")
    at.number_input(key="new-study-cases").set_value(1000)
    at = at.button(key="FormSubmitter:make-study-Make the study").click().run()
    assert "ask for fewer" in at.error[0].value
    assert StudyBook.of(cached.runs_folder()).studies() == ()


def test_before_a_reader_commits_nothing_tells_label_score_or_name(app: Opened, book: StudyBook) -> None:
    (study,) = book.studies()
    at = reading(app)
    assert at.subheader[0].value == "Case 1 of 4"
    assert tells(sent(at), study) == []
    assert "Trained on" not in sent(at)  # the sidebar says nothing of the run
    assert at.metric.len == 0
    assert "Grad-CAM" not in sent(at)
    at = button(at, "study-rating-.*-6").click().run()
    assert tells(sent(at), study) == []


def test_then_the_model_is_shown_and_only_of_this_case(app: Opened, book: StudyBook) -> None:
    (study,) = book.studies()
    at = rate(reading(app), 2)
    case = study.cases[order_for(study, "Ada")[0]]
    assert f"{case.score:.3f}" in at.metric[0].value
    assert plain(at.metric[1].value) == case.called
    assert "Alone you said: **Probably not COVID**" in " ".join(each.value for each in at.markdown).replace("\\", "")
    others = {f"{each.score:.3f}" for each in study.cases} - {f"{case.score:.3f}"}
    assert not any(score in sent(at) for score in others)
    assert case.path not in sent(at)
    assert [(a.number, a.phase, a.rating) for a in book.answers(study)] == [(case.number, UNAIDED, 2)]


def test_nothing_can_be_kept_before_something_is_chosen(app: Opened, book: StudyBook) -> None:
    at = reading(app)
    assert button(at, "study-commit-").disabled
    assert not button(button(at, "study-rating-.*-3").click().run(), "study-commit-").disabled


def test_a_reading_goes_through_pauses_and_goes_on(app: Opened, book: StudyBook) -> None:
    (study,) = book.studies()
    at = reading(app)
    for _ in range(3):
        at = rate(at, 5)
    at = at.button(key="study-pause").click().run()
    assert "Case" not in "".join(each.value for each in at.subheader)
    again = reading(app, " ada ")  # another browser
    assert again.subheader[0].value == "Case 2 of 4"
    assert "Alone you said" in sent(again)
    for _ in range(5):
        again = rate(again, 4)
    assert "All cases are read" in again.success[0].value
    assert [a.phase for a in book.answers(study)] == [UNAIDED, AIDED] * 4
    assert all(a.seconds >= 0 for a in book.answers(study))
    at = again.button(key="study-to-results").click().run()
    assert not at.exception
    assert at.toggle[0].label == "Show the figures so far"
    assert at.toggle[0].value  # who asks for the results at the end is shown them


def test_the_truth_comes_after_each_case_where_so_asked(app: Opened, tiny_run: Run) -> None:
    book = StudyBook.of(tiny_run.folder.parent)
    book.add(new_study(tiny_run, name="With truth", cases=3, truth_shown="each"))
    (study,) = book.studies()
    at = rate(rate(reading(app), 1), 1)
    case = study.cases[order_for(study, "Ada")[0]]
    assert plain(at.info[0].value).startswith(f"Case 1 is **{case.label}**")
    at = at.button(key="study-next").click().run()
    assert at.subheader[0].value == "Case 2 of 3"


def test_a_page_that_another_window_has_overtaken_shows_what_comes_next(app: Opened, book: StudyBook) -> None:
    (study,) = book.studies()
    at = reading(app)
    first = order_for(study, "Ada")[0]
    book.commit(study, "Ada", number=first, phase=UNAIDED, rating=6, seconds=1.0)
    at = button(at, "study-rating-.*-1").click().run()
    assert "Now with the model" in sent(at)
    assert button(at, "study-commit-").disabled  # what was chosen was for the scan alone
    assert [a.rating for a in book.answers(study)] == [6]


def test_a_scan_that_is_gone_is_said_without_its_name_and_left_out(app: Opened, book: StudyBook, tiny_run: Run) -> None:
    (study,) = book.studies()
    moved = tiny_run.updated(data=str(tiny_run.folder / "nowhere"))
    assert moved.record.data != tiny_run.record.data
    at = reading(app)
    assert "cannot be shown" in at.error[0].value
    assert tells(sent(at), study) == []
    at = button(at, "study-out-").click().run()
    assert at.subheader[0].value == "Case 2 of 4"


def test_the_figures_hold_both_ways_of_reading(app: Opened, book: StudyBook) -> None:
    (study,) = book.studies()
    for name, rating in (("Ada", 6), ("Ben", 1)):
        for number in order_for(study, name):
            for phase in (UNAIDED, AIDED):
                book.commit(study, name, number=number, phase=phase, rating=rating, seconds=3.0)
    at = app(PAGE)
    assert at.get("plotly_chart") == []
    at.session_state[state.STUDY_TAB] = "Results"
    at = at.run().toggle[0].set_value(True).run()
    assert not at.exception
    assert not at.error
    assert len(at.get("plotly_chart")) == 1
    tables = [table.value for table in at.table]
    sensitivity = next(table for table in tables if "Model, same cases" in table.columns)
    assert sensitivity.loc["Ada", "Alone"].startswith("100.0%")
    assert sensitivity.loc["Ben", "With the model"].startswith("0.0%")
    agreement = tables[-1]
    assert "All 2 readers".lower() in " ".join(agreement.index).lower()
    assert "Few cases" in at.warning[0].value


def test_an_unknown_study_in_the_address_is_said(app: Opened, book: StudyBook) -> None:
    at = app(PAGE, query={"study": "nothing"})
    assert "no reading study nothing" in at.warning[0].value
    assert at.query_params["study"] == book.studies()[0].id
