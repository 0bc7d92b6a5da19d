"""A reading study: what is read, in which order, and what comes next. Nothing here knows a screen or a disk.

Each case is read twice: the scan alone, then with the model's map and score. What was said is never changed. The order
is another one for each reader, so that tiredness and learning do not fall on the same cases; it follows from the
study's seed and the reader's name alone, so it is the same after a restart and on another machine.
Source of reading in sequence: S. V. Beiden et al., "Independent versus sequential reading in ROC studies of
computer-assist modalities: analysis of components of variance", Academic Radiology 9 (2002), 1036-1043.
"""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from core.errors import RequestError, WorkError

UNAIDED, AIDED = "unaided", "aided"
PHASES = (UNAIDED, AIDED)
AFTER_EACH_CASE, AT_THE_END = "each", "end"
TRUTH_SHOWN: Mapping[str, str] = MappingProxyType(
    {AT_THE_END: "only at the end", AFTER_EACH_CASE: "after each case, once it is read with the model"}
)

# Six, so that there is no middle: every rating is a call, and all together give a reader's ROC curve.
RATINGS: Mapping[int, str] = MappingProxyType(
    {1: "Surely not", 2: "Probably not", 3: "Rather not", 4: "Rather yes", 5: "Probably", 6: "Surely"}
)
POSITIVE_FROM = 4
LEFT_OUT = 0
"""Instead of a rating: the scan could not be shown. The case counts as read, and in no figure."""

_LONGEST_NAME = 80


@dataclass(frozen=True)
class StudyCase:
    """One scan of a study with its truth and what the model said when the study was made.

    Attributes:
        number: from 0, in an order that tells nothing.
        path: in the run's index; never shown to readers, as names of files often hold the class.
        content: key of the scan's content.
        label: the truth.
        group: what it belongs to, a patient for instance.
        score: of the positive class, in [0, 1].
        called: the class that the model gave it.
    """

    number: int
    path: str
    content: str
    label: str
    group: str
    score: float
    called: str


@dataclass(frozen=True)
class Study:
    """A study as it was made; nothing of it changes, whatever becomes of the run.

    Attributes:
        id: letters and digits.
        name: as people call it.
        run: id of the run whose model is looked at.
        split: that the cases were drawn from.
        positive: the class whose miss hurts.
        threshold: the run's at that time: positive if score >= threshold.
        score_kind: "calibrated", or empty for the network's own.
        seed: of the drawing of cases and of the readers' orders.
        enriched: whether cases that the model has wrong were preferred.
        truth_shown: `AFTER_EACH_CASE` or `AT_THE_END`.
        method: of the map, a key of `core.explanation.maps.METHODS`.
        created: ISO 8601, UTC.
        data_fingerprint: of the dataset as the run saw it.
        cases: what is read.
    """

    id: str
    name: str
    run: str
    split: str
    positive: str
    threshold: float
    score_kind: str
    seed: int
    enriched: bool
    truth_shown: str
    method: str
    created: str
    data_fingerprint: str
    cases: tuple[StudyCase, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Study":
        """What `to_json` wrote.

        Raises:
            WorkError: it is no study.
        """
        try:
            cases = tuple(StudyCase(**case) for case in content["cases"])
            return cls(**{**content, "cases": cases})
        except (KeyError, TypeError) as error:
            raise WorkError(f"expected a reading study, found something else ({error}); make it again") from error


@dataclass(frozen=True)
class Answer:
    """What a reader said about a case in one phase.

    Attributes:
        reader: as typed, tidied.
        number: of the case.
        phase: `UNAIDED` or `AIDED`.
        rating: a key of `RATINGS`, or `LEFT_OUT`.
        seconds: from when the case was shown until this was said.
        at: ISO 8601, UTC.
    """

    reader: str
    number: int
    phase: str
    rating: int
    seconds: float
    at: str


@dataclass(frozen=True)
class Step:
    """What a reader does next.

    Attributes:
        case: to be read.
        phase: in which phase.
        position: of the case in this reader's order, from 1.
        of: how many cases there are.
        before: what the reader said without the model, where the phase is `AIDED`.
    """

    case: StudyCase
    phase: str
    position: int
    of: int
    before: int | None = None


def order_for(study: Study, reader: str) -> tuple[int, ...]:
    """Numbers of the cases in this reader's order: sorted by a hash, so that no library's generator has a say."""
    key = reader_key(reader)

    def place(number: int) -> bytes:
        return hashlib.sha256(f"{study.id}\n{study.seed}\n{key}\n{number}".encode()).digest()

    return tuple(sorted(range(len(study.cases)), key=place))


def next_step(study: Study, reader: str, answers: Sequence[Answer]) -> Step | None:
    """What this reader does next; None where all is read.

    Args:
        study: which one.
        reader: who asks.
        answers: everybody's in this study.
    """
    key = reader_key(reader)
    said = {(answer.number, answer.phase): answer.rating for answer in answers if reader_key(answer.reader) == key}
    for position, number in enumerate(order_for(study, reader), start=1):
        before = said.get((number, UNAIDED))
        if before is None:
            return Step(study.cases[number], UNAIDED, position, len(study.cases))
        if before != LEFT_OUT and (number, AIDED) not in said:
            return Step(study.cases[number], AIDED, position, len(study.cases), before)
    return None


def cases_read(study: Study, reader: str, answers: Sequence[Answer]) -> int:
    """How many cases this reader is done with."""
    step = next_step(study, reader, answers)
    return len(study.cases) if step is None else step.position - 1


def tidy_name(name: str, what: str) -> str:
    """A name without odd spaces and control characters.

    Args:
        name: as typed.
        what: it is the name of, for the error.

    Raises:
        RequestError: nothing is left of it, or it is too long.
    """
    kept = "".join(" " if unicodedata.category(c).startswith(("C", "Z")) else c for c in name)
    tidy = " ".join(unicodedata.normalize("NFC", kept).split())
    if not tidy:
        raise RequestError(f"expected {what}, found none; type one")
    if len(tidy) > _LONGEST_NAME:
        raise RequestError(f"expected {what} of at most {_LONGEST_NAME} letters, found {len(tidy)}; shorten it")
    return tidy


def reader_key(reader: str) -> str:
    """By what a reader is known again: capitals and spaces make nobody another reader."""
    return unicodedata.normalize("NFC", tidy_name(reader, "a reader's name").casefold())


def called_positive(rating: int) -> bool:
    """The call that a rating holds."""
    return rating >= POSITIVE_FROM


def rating_words(rating: int, positive: str) -> str:
    """A rating in words: "Probably COVID"."""
    if rating == LEFT_OUT:
        return "left out"
    return f"Rather {positive}" if rating == POSITIVE_FROM else f"{RATINGS[rating]} {positive}"
