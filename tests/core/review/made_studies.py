"""Studies made of nothing but numbers, and readers who answer as they are told."""

from collections.abc import Callable

from hypothesis import strategies as st

from core.review.studies.store import StudyBook
from core.review.studies.study import AIDED, UNAIDED, Answer, Study, StudyCase, order_for

NAMES = st.text(st.sampled_from("abcAB éß-"), min_size=1, max_size=12).filter(lambda name: bool(name.strip()))


def made_study(cases: int, *, name: str = "A study") -> Study:
    """Cases by turns positive and negative; the model has every fifth wrong."""
    return Study(
        id="5d41402a",
        name=name,
        run="20260101-000000-resnet10t-0000",
        split="test",
        positive="COVID",
        threshold=0.5,
        score_kind="",
        seed=1,
        enriched=False,
        truth_shown="end",
        method="gradcam",
        created="2026-01-01T00:00:00+00:00",
        data_fingerprint="f" * 16,
        cases=tuple(_case(number) for number in range(cases)),
    )


def all_answers(
    study: Study, reader: str, before: Callable[[StudyCase], int], after: Callable[[StudyCase], int]
) -> list[Answer]:
    """Everything that a reader who rates so has to say, in the order in which it is said."""
    answers = []
    for number in order_for(study, reader):
        case = study.cases[number]
        answers.append(Answer(reader, number, UNAIDED, before(case), 8.0, "2026-01-02T00:00:00+00:00"))
        answers.append(Answer(reader, number, AIDED, after(case), 4.0, "2026-01-02T00:00:00+00:00"))
    return answers


def read_on(book: StudyBook, study: Study, reader: str, steps: int) -> None:
    """Answer what comes next so many times."""
    for _ in range(steps):
        step = book.next_step(study, reader)
        assert step is not None
        book.commit(study, reader, number=step.case.number, phase=step.phase, rating=5, seconds=2.5)


def _case(number: int) -> StudyCase:
    positive, wrong = number % 2 == 0, number % 5 == 0
    called = positive != wrong
    return StudyCase(
        number=number,
        path=f"{'COVID' if positive else 'non-COVID'}/{number}.png",
        content=f"{number:064x}",
        label="COVID" if positive else "non-COVID",
        group=str(number),
        score=0.9 if called else 0.1,
        called="COVID" if called else "non-COVID",
    )
