"""The command about reading studies of a run: make one, list them, their figures, every answer as CSV."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.datasets import Facts
from core.errors import RequestError
from core.runs import Run

if TYPE_CHECKING:
    from core.review.studies.store import StudyBook
    from core.review.studies.study import Study


def study(
    run: Run, *, name: str | None, make: str | None, wanted: dict[str, Any], figures: bool, export: Path | None
) -> Facts:
    """Make a study, list the run's, or tell what one found.

    Args:
        run: a finished one.
        name: id or name of a study; None lists them.
        make: name of a study to be made.
        wanted: how it is made, as `core.review.studies.sample.new_study` takes it.
        figures: whether to give the study's figures.
        export: a file for every answer.

    Raises:
        RequestError: several things asked for at once, or no such study.
    """
    from core.review.studies.sample import new_study
    from core.review.studies.store import StudyBook

    book = StudyBook.of(run.folder.parent)
    if make is not None:
        if name is not None or figures or export is not None:
            raise RequestError("expected --make by itself, found a study or --figures or --export with it; do one")
        made = new_study(run, name=make, **wanted)
        book.add(made)
        return _facts(book, made)
    if name is None:
        if figures or export is not None:
            raise RequestError("expected the study whose figures are wanted, found none; name one after the run")
        return {"run": run.id, "studies": [_facts(book, each) for each in book.studies(run.id)]}
    found = book.study(name)
    if found.run != run.id:
        raise RequestError(f"expected a study of run {run.id}, found {found.name!r} of {found.run}; name that run")
    facts = _facts(book, found)
    if figures:
        from core.review.studies.figures import study_figures
        from core.review.studies.tables import figures_json

        facts |= figures_json(study_figures(found, book.answers(found)))
    if export is not None:
        from core.files import write_text
        from core.review.studies.answers import answers_csv

        write_text(export, answers_csv(found, book.answers(found)))
        facts["export"] = str(export)
    return facts


def for_people(facts: Facts) -> Facts:
    """The same with each rate and its interval in one line."""
    return {name: _in_words(value) for name, value in facts.items()}


def _in_words(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_words(each) for each in value]
    if not isinstance(value, dict):
        return value
    if {"value", "low", "high"} <= value.keys():
        if value["value"] is None:
            return "not defined"
        ends = "no interval" if value["low"] is None else f"{value['low']:.3f} to {value['high']:.3f}"
        of = f" of {value['of']}" if "of" in value else ""
        return f"{value['value']:.3f} ({ends}){of}"
    return {name: _in_words(each) for name, each in value.items()}


def _facts(book: "StudyBook", study: "Study") -> Facts:
    from core.review.studies.study import cases_read

    answers = book.answers(study)
    read = {reader: cases_read(study, reader, answers) for reader in book.readers(study)}
    return {
        "study": study.id,
        "name": study.name,
        "split": study.split,
        "cases": len(study.cases),
        "positives": sum(case.label == study.positive for case in study.cases),
        "threshold": study.threshold,
        "enriched": study.enriched,
        "created": study.created,
        "cases_read": read,
    }
