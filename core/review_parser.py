"""The commands of the review and their options: what a run looked at, which scans to read, notes, studies."""

import argparse
from collections.abc import Callable
from pathlib import Path

from core import review_calls
from core.evaluation.splits import SPLITS


def add_review_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add them all.

    Args:
        add: takes a command's name, what it does and what it calls; gives its parser, which knows --json and --runs.
    """
    explain = add("explain", "draw where a run saw evidence in scans", review_calls.explain)
    explain.add_argument("run", metavar="RUN")
    explain.add_argument("scans", nargs="+", metavar="SCAN")
    explain.add_argument(
        "--method",
        default="gradcam",
        help="gradcam, gradcam++, hirescam, layercam, xgradcam, finercam, eigencam; slow: scorecam, ablationcam",
    )
    explain.add_argument(
        "--target",
        metavar="CLASS",
        help="evidence for which class (the positive one); predicted; or difference: of two classes' outputs",
    )
    explain.add_argument("--layer", default="", help="a stage of the network, as layer3 of a ResNet (the last one)")
    explain.add_argument("--show", default="heat", help="heat, contour, or masked: what was not looked at is darkened")
    explain.add_argument("--out", type=Path, required=True, metavar="DIR")

    faithful = add(
        "faithful", "tell whether maps of scans are to be trusted, doubted or ignored", review_calls.faithful
    )
    faithful.add_argument("run", metavar="RUN")
    faithful.add_argument("scans", nargs="+", metavar="SCAN")
    faithful.add_argument("--method", default="gradcam", help="as for explain (gradcam)")
    faithful.add_argument("--layer", default="", metavar="NAME", help="a stage of the network (the last one)")
    faithful.add_argument("--target", metavar="CLASS", help="evidence for which class (the positive one)")

    analyse = add("analyse", "work something long out about a run, and keep it there", review_calls.analyse)
    analyse.add_argument("run", metavar="RUN")
    analyse.add_argument("kind", metavar="KIND", help="heat, faithfulness, slow-map or tsne")
    analyse.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of this kind")
    analyse.add_argument("--again", action="store_true", help="though there is a result that holds")
    analyse.add_argument("--stop", action="store_true", help="ask the process that does it to stop instead")
    analyse.add_argument("--background", action="store_true", dest="behind", help="low priority, plain log lines")

    notes = add("notes", "list readers' notes, or carry them to a file and back", review_calls.notes)
    notes.add_argument("target", nargs="?", default="", metavar="RUN|FOLDER", help="a run, or a whole runs folder")
    notes.add_argument("--export", type=Path, metavar="FILE.csv|FILE.json", help="write them, with their history")
    notes.add_argument("--import", type=Path, metavar="FILE", dest="take_from", help="add those of such a file")

    relabel = add(
        "relabel", "copy a dataset with the labels that readers agree on; it stays as it is", review_calls.relabel
    )
    relabel.add_argument("target", metavar="DATA|RUN", help="a dataset; or a run's, whose split the copy then keeps")
    relabel.add_argument("--out", type=Path, required=True, metavar="DIR")

    study = add(
        "study", "reading studies of a run: make one, list them, what readers did with the model", review_calls.study
    )
    study.add_argument("run", metavar="RUN")
    study.add_argument("study", nargs="?", metavar="STUDY", help="its id or name (lists the studies)")
    study.add_argument("--make", metavar="NAME", help="make a study of this name")
    study.add_argument("--cases", type=int, default=40, help="how many, drawn by class (40)")
    study.add_argument("--split", default="test", choices=SPLITS)
    study.add_argument("--seed", type=int, default=0)
    study.add_argument("--enrich", action="store_true", help="up to half of each class are errors of the model")
    study.add_argument("--several", action="store_true", help="a patient may come more than once")
    study.add_argument("--truth", default="end", choices=("each", "end"), help="told after each case or at the end")
    study.add_argument("--figures", action="store_true", help="readers without and with the model, and agreement")
    study.add_argument("--export", type=Path, metavar="FILE.csv", help="every answer, with the truth")

    sheet = add("sheet", "one case on a page: scan, map, numbers, notes", review_calls.sheet)
    sheet.add_argument("run", metavar="RUN")
    sheet.add_argument("scan", metavar="SCAN", help="its path in the run's index, or how its content's SHA-256 begins")
    sheet.add_argument("--method", default="gradcam", help="of the map, as in explain (gradcam)")
    sheet.add_argument("--target", metavar="CLASS", help="evidence for which class (the positive one)")
    sheet.add_argument("--layer", default="", help="stage whose map is drawn (the last)")
    sheet.add_argument("--out", type=Path, required=True, metavar="FILE.pdf|FILE.png")

    similar = add("similar", "the training scans that a run's network takes for most like a scan", review_calls.similar)
    similar.add_argument("run", metavar="RUN")
    similar.add_argument("scans", nargs="+", metavar="SCAN", help="a path in the run's index, else a file")
    similar.add_argument("--count", type=int, default=4, metavar="N", help="of each class (4)")

    worklist = add(
        "worklist", "the scans to look at, as the review page lists them, and the link", review_calls.worklist
    )
    worklist.add_argument("run", metavar="RUN")
    worklist.add_argument(
        "--cell", action="append", metavar="CELL", help="missed, false alarm, found, cleared or any (missed); several"
    )
    worklist.add_argument("--split", default="test", choices=(*SPLITS, "any"))
    worklist.add_argument("--truth", default="", metavar="CLASS", help="only scans of this class")
    worklist.add_argument("--predicted", default="", metavar="CLASS", help="only scans called this class")
    worklist.add_argument(
        "--where", action="append", default=[], metavar="COLUMN=PART", help="only scans of this subgroup; several"
    )
    worklist.add_argument("--score", default="", metavar="LOW..HIGH", help="only scans with a score from here to there")
    worklist.add_argument("--group", default="", metavar="NAME", help="only scans of this group")
    worklist.add_argument(
        "--only", action="append", default=[], metavar="WHAT", help="near, mislabelled, outside or unread; several"
    )
    worklist.add_argument(
        "--order", default="", metavar="HOW", help="error, score-up, score-down, disagreement, group, doubt or outside"
    )
    worklist.add_argument("--area", default="", metavar="AREA", help="only scans in a polygon on the map of all scans")
    worklist.add_argument("--most", type=int, default=20, metavar="N", help="how many to tell (20)")

    doubts = add(
        "doubts", "rank the labels that are probably wrong, by scores from outside the training", review_calls.doubts
    )
    doubts.add_argument("run", metavar="RUN")
    doubts.add_argument("--most", type=int, default=20, metavar="N", help="how many to tell (20)")
