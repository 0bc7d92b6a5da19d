"""What each command of the review calls, from the options that were given."""

import argparse
from typing import Any
from urllib.parse import urlencode

from core.calls import found_run
from core.commands import analyses, figures, look_alikes, studies, worklists
from core.commands import doubts as doubted_labels
from core.commands import notes as readers_notes
from core.commands import sheet as case_sheet
from core.narration import Narrator
from core.runs import find_run


def explain(options: argparse.Namespace, told: Narrator) -> Any:
    """Maps."""
    run = found_run(options, told)
    return figures.explain(
        run,
        options.scans,
        method=options.method,
        out=options.out,
        target=options.target,
        layer=options.layer,
        show=options.show,
        told=told,
    )


def faithful(options: argparse.Namespace, told: Narrator) -> Any:
    """Whether maps are to be believed."""
    facts = analyses.faithful(
        found_run(options, told),
        options.scans,
        method=options.method,
        layer=options.layer,
        target=options.target,
        told=told,
    )
    return facts if options.json else analyses.for_people(facts)


def analyse(options: argparse.Namespace, told: Narrator) -> Any:
    """Something long about a run."""
    run = find_run(options.run, options.runs)
    return analyses.analyse(run, options.kind, settings=options.set, again=options.again, stop=options.stop, told=told)


def notes(options: argparse.Namespace, _told: Narrator) -> Any:
    """Readers' notes: as a list, to a file, from a file."""
    facts = readers_notes.notes(
        options.target, runs_folder=options.runs, export=options.export, take_from=options.take_from
    )
    return facts if options.json else readers_notes.for_people(facts)


def relabel(options: argparse.Namespace, told: Narrator) -> Any:
    """A corrected copy of a dataset."""
    return readers_notes.relabel(options.target, out=options.out, runs_folder=options.runs, told=told)


def similar(options: argparse.Namespace, told: Narrator) -> Any:
    """Training scans like some scans."""
    facts = look_alikes.similar(found_run(options, told), options.scans, count=options.count)
    return facts if options.json else look_alikes.for_people(facts)


def worklist(options: argparse.Namespace, told: Narrator) -> Any:
    """Scans to look at."""
    pairs = [(column, part) for column, _, part in (pair.partition("=") for pair in options.where)]
    query = {
        "cell": ",".join(options.cell or ["missed"]),
        "where": urlencode(pairs),
        "only": ",".join(options.only),
        **{name: getattr(options, name) for name in ("split", "truth", "predicted", "score", "group", "order", "area")},
    }
    facts = worklists.worklist(found_run(options, told), query, most=options.most)
    return facts if options.json else worklists.for_people(facts)


def doubts(options: argparse.Namespace, told: Narrator) -> Any:
    """Labels that are probably wrong."""
    facts = doubted_labels.doubts(found_run(options, told), most=options.most)
    return facts if options.json else doubted_labels.for_people(facts)


def study(options: argparse.Namespace, told: Narrator) -> Any:
    """A reading study: made, listed, or what it found."""
    wanted = {
        "cases": options.cases,
        "split": options.split,
        "seed": options.seed,
        "enriched": options.enrich,
        "several_of_a_group": options.several,
        "truth_shown": options.truth,
    }
    facts = studies.study(
        found_run(options, told),
        name=options.study,
        make=options.make,
        wanted=wanted,
        figures=options.figures,
        export=options.export,
    )
    return facts if options.json else studies.for_people(facts)


def sheet(options: argparse.Namespace, told: Narrator) -> Any:
    """One case on a page."""
    return case_sheet.sheet(
        found_run(options, told),
        options.scan,
        target=options.target,
        method=options.method,
        layer=options.layer,
        out=options.out,
    )
