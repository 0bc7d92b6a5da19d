"""What readers said stays said: no step back, no second answer, whatever is killed or pressed twice."""

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from made_studies import made_study, read_on

from core.errors import RequestError, WorkError
from core.review.studies.store import StudyBook
from core.review.studies.study import AIDED, LEFT_OUT, UNAIDED, cases_read, order_for

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def book(tmp_path: Path) -> StudyBook:
    """A book with one study of six cases."""
    book = StudyBook.of(tmp_path)
    book.add(made_study(6))
    return book


def test_a_study_is_found_by_id_and_by_name(book):
    study = made_study(6)
    assert book.study(study.id) == book.study(" a STUDY ") == study
    with pytest.raises(RequestError, match="found 'another'"):
        book.study("another")
    assert book.studies() == book.studies(study.run) == (study,)
    assert book.studies("20260101") == ()


def test_nothing_was_made_where_there_is_no_book(tmp_path):
    empty = StudyBook.of(tmp_path)
    assert empty.studies() == ()
    with pytest.raises(RequestError, match="list them first"):
        empty.study("a")
    assert list(tmp_path.iterdir()) == []  # looking makes no file


def test_two_studies_have_two_names(book):
    with pytest.raises(RequestError, match="choose another"):
        book.add(dataclasses.replace(made_study(3), id="00000000", name="A STUDY"))
    book.add(dataclasses.replace(made_study(3), id="00000000", name="Another"))
    assert [study.name for study in book.studies()] == ["Another", "A study"]


def test_an_answer_without_the_model_cannot_be_changed_once_it_is_given(book):
    study = made_study(6)
    read_on(book, study, "Ada", 1)
    step = book.next_step(study, "Ada")
    assert (step.phase, step.before) == (AIDED, 5)
    with pytest.raises(RequestError, match="what was said stays"):
        book.commit(study, "Ada", number=step.case.number, phase=UNAIDED, rating=1, seconds=1.0)
    read_on(book, study, "Ada", 1)
    with pytest.raises(RequestError, match="what was said stays"):
        book.commit(study, "Ada", number=step.case.number, phase=AIDED, rating=1, seconds=1.0)
    assert [answer.rating for answer in book.answers(study)] == [5, 5]


def test_the_map_cannot_be_had_before_the_scan_was_read_without_it(book):
    study = made_study(6)
    first = order_for(study, "Ada")[0]
    with pytest.raises(RequestError, match="go on with the next"):
        book.commit(study, "Ada", number=first, phase=AIDED, rating=3, seconds=1.0)


def test_cases_are_read_in_their_order(book):
    study = made_study(6)
    with pytest.raises(RequestError, match="go on with the next"):
        book.commit(study, "Ada", number=order_for(study, "Ada")[1], phase=UNAIDED, rating=3, seconds=1.0)


def test_a_double_click_says_the_same_once(book):
    study = made_study(6)
    first = order_for(study, "Ada")[0]
    for _ in range(2):
        book.commit(study, "Ada", number=first, phase=UNAIDED, rating=3, seconds=1.0)
    assert len(book.answers(study)) == 1


def test_a_reader_goes_on_where_he_stopped_whatever_the_capitals(book):
    study = made_study(6)
    read_on(book, study, "Ada Lovelace", 3)
    again = StudyBook(book.path).next_step(study, " ada  lovelace")
    assert (again.position, again.phase, again.before) == (2, AIDED, 5)
    read_on(book, study, "ADA LOVELACE", 9)
    assert book.next_step(study, "Ada Lovelace") is None
    assert book.readers(study) == ("Ada Lovelace",)


def test_a_scan_that_could_not_be_shown_is_left_out_and_the_next_comes(book):
    study = made_study(6)
    order = order_for(study, "Ada")
    book.commit(study, "Ada", number=order[0], phase=UNAIDED, rating=LEFT_OUT, seconds=0.0)
    assert book.next_step(study, "Ada").case.number == order[1]
    read_on(book, study, "Ada", 1)
    with pytest.raises(RequestError, match="expected a rating"):
        book.commit(study, "Ada", number=order[1], phase=AIDED, rating=LEFT_OUT, seconds=0.0)


@pytest.mark.parametrize("wrong", [{"rating": 7}, {"rating": -1}, {"phase": "later"}])
def test_what_is_no_rating_is_refused(book, wrong):
    study = made_study(6)
    answer = {"number": order_for(study, "Ada")[0], "phase": UNAIDED, "rating": 3, "seconds": 1.0}
    with pytest.raises(RequestError, match="expected a rating"):
        book.commit(study, "Ada", **{**answer, **wrong})


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_time_is_a_time(book, seconds):
    with pytest.raises(RequestError, match="seconds"):
        book.commit(made_study(6), "Ada", number=0, phase=UNAIDED, rating=3, seconds=seconds)


def test_the_file_itself_refuses_to_forget(book):
    read_on(book, made_study(6), "Ada", 2)
    with closing(sqlite3.connect(book.path)) as raw:
        for statement in ("UPDATE answers SET rating = 1", "DELETE FROM answers", "DELETE FROM studies"):
            with pytest.raises(sqlite3.IntegrityError, match="what was said stays"):
                raw.execute(statement)


def test_readers_who_answer_at_once_lose_nothing(book):
    study, names = made_study(6), ["Ada", "Ben", "Cleo", "Dora"]
    threads = [threading.Thread(target=read_on, args=(book, study, name, 12)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.answers(study)) == 4 * 12
    assert sorted(book.readers(study)) == names


def test_a_reader_in_two_windows_answers_each_case_once(book):
    study, refused = made_study(6), []

    def window(rating: int) -> None:
        while (step := book.next_step(study, "Ada")) is not None:
            try:
                book.commit(study, "Ada", number=step.case.number, phase=step.phase, rating=rating, seconds=1.0)
            except RequestError:
                refused.append(rating)

    threads = [threading.Thread(target=window, args=(rating,)) for rating in (2, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = [(answer.number, answer.phase) for answer in book.answers(study)]
    assert len(said) == len(set(said)) == 12


def test_a_killed_server_costs_at_most_the_answer_in_hand(book):
    code = (
        "import sys; from pathlib import Path; from made_studies import made_study, read_on\n"
        "from core.review.studies.store import StudyBook\n"
        "book, study = StudyBook(Path(sys.argv[1])), made_study(6)\n"
        "for _ in range(12):\n    read_on(book, study, 'Ada', 1)\n    print(1, flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(book.path)], stdout=subprocess.PIPE, env=environment, cwd=ROOT
    ) as process:
        said = sum(bool(process.stdout.readline()) for _ in range(4))
        os.kill(process.pid, signal.SIGKILL)
        said += len(process.stdout.readlines())
    study = made_study(6)
    kept = len(book.answers(study))
    assert said <= kept <= said + 1
    read_on(book, study, "Ada", 12 - kept)
    assert cases_read(study, "Ada", book.answers(study)) == 6


def test_a_book_that_is_gone_in_the_middle_of_a_reading_is_said(book):
    study = made_study(6)
    read_on(book, study, "Ada", 2)
    step = book.next_step(study, "Ada")
    assert step is not None
    for file in book.path.parent.iterdir():
        file.unlink()
    with pytest.raises(WorkError, match="put the file back"):
        book.commit(study, "Ada", number=step.case.number, phase=step.phase, rating=5, seconds=1.0)


def test_a_study_that_cannot_be_read_is_said(book):
    with closing(sqlite3.connect(book.path)) as raw:
        raw.execute("INSERT INTO studies (id, name_key, content) VALUES ('x', 'x', '{\"half\": ')")
        raw.commit()
    with pytest.raises(WorkError, match="found one that cannot be read"):
        book.studies()
