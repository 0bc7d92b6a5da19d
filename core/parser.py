"""The commands and their options."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from core import calls
from core.evaluation.splits import SPLITS
from core.runs import DEFAULT_DATA, DEFAULT_RUNS


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = _Parser(prog="python -m core", description="CT Explorer without the pages. Research use only.")
    commands_ = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, says: str, command: Callable[..., Any]) -> argparse.ArgumentParser:
        sub = commands_.add_parser(name, help=says, description=says[0].upper() + says[1:] + ".")
        sub.add_argument("--json", action="store_true", help="print one JSON object last on standard output")
        sub.add_argument("--runs", type=Path, default=DEFAULT_RUNS, metavar="DIR", help=f"runs folder ({DEFAULT_RUNS})")
        sub.set_defaults(command=command)
        return sub

    whole_way = add("demo", "make phantoms, train, evaluate, choose a threshold, draw maps: the whole way", calls.demo)
    whole_way.add_argument("run", nargs="?", metavar="RUN", help="go on with a demo that was begun")
    whole_way.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=f"where phantoms go ({DEFAULT_DATA})"
    )
    _queued(whole_way)

    phantoms = add("phantoms", "write synthetic chest slices with lesion masks", calls.phantoms)
    phantoms.add_argument("out", type=Path, metavar="OUT")
    phantoms.add_argument("--count", type=int, default=600, help="scans (600)")
    phantoms.add_argument("--seed", type=int, default=0)
    phantoms.add_argument("--classes", type=int, default=2, help="2, or 4 kinds: normal and three patterns of lesions")
    phantoms.add_argument("--slices", type=int, metavar="N", help="of each patient (3 to 5); 1: independent slices")
    phantoms.add_argument("--shortcut", default="", help="planted beside the disease: marker or scanner")
    phantoms.add_argument(
        "--label-noise", type=float, default=0.0, help="share of patients with a wrong label, 0 to 0.5"
    )
    phantoms.add_argument("--format", default="png", help="png or dicom")

    fetch = add("fetch", "get a public dataset, where there is a network and an account", calls.fetch)
    fetch.add_argument("name", metavar="NAME", help="sars-cov-2-ct")
    fetch.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=f"where it goes ({DEFAULT_DATA})")

    index = add("index", "tell what is in a dataset, and what is wrong with it", calls.index)
    index.add_argument("data", type=Path, metavar="DATA")
    _grouping(index)

    audit = add("audit", "find leaks, shortcuts, duplicates and odd scans before anybody trains", calls.audit)
    audit.add_argument("data", type=Path, metavar="DATA")
    _grouping(audit)
    audit.add_argument("--again", action="store_true", help="look anew, though nothing has changed since the last time")
    _background(audit)

    decide = add("decide", "settle what the audit found: exclude, group or keep; or take that back", calls.decide)
    decide.add_argument("data", type=Path, metavar="DATA")
    decide.add_argument("finding", nargs="?", metavar="FINDING", help="its id, as the audit gives it")
    decide.add_argument("action", nargs="?", choices=("exclude", "group", "keep"))
    decide.add_argument("--undo", metavar="DECISION", help="take a decision back, by its id")

    train = add("train", "train on a dataset", calls.train)
    train.add_argument("data", type=Path, metavar="DATA")
    train.add_argument("--preset", default="quick", help="a named, complete config (quick)")
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting of it")
    train.add_argument("--init", metavar="hub|scratch|FILE|RUN", help="where the first weights come from")
    _queued(train)

    resume = add("resume", "go on with a run that was stopped, failed or killed", calls.resume)
    resume.add_argument("run", metavar="RUN")
    _queued(resume)

    stop = add("stop", "stop a run after the step at hand", calls.stop)
    stop.add_argument("run", metavar="RUN")

    sweep = add("sweep", "train several variants of a preset, ranked by what they miss on validation", calls.sweep)
    sweep.add_argument("target", metavar="DATA|SWEEP", help="a dataset; or a sweep, to go on with it")
    sweep.add_argument("--preset", metavar="NAME", help="what every trial begins with (fnr-first)")
    sweep.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="KEY=A,B|KEY=LOW..HIGH",
        help="a setting and its values, or its range (the preset's own grid)",
    )
    sweep.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="fix a setting of all trials")
    sweep.add_argument("--init", metavar="hub|scratch|FILE|RUN", help="where the first weights come from")
    sweep.add_argument("--trials", type=int, metavar="N", help="how many (all of a grid; 20 where a range is varied)")
    rule = sweep.add_mutually_exclusive_group()
    rule.add_argument("--max-fpr", type=float, help="rank by validation FNR at this share of false alarms (0.1)")
    rule.add_argument("--threshold", type=float, help="rank by validation FNR at this threshold instead")
    sweep.add_argument("--open-test", action="store_true", help="open the winner's test figures: once, at the end")
    _background(sweep)

    add("runs", "list the runs, newest first", calls.runs)

    queue = add("queue", "list the runs that wait for their turn, or move one", calls.queue)
    queue.add_argument("run", nargs="?", metavar="RUN")
    where = queue.add_mutually_exclusive_group()
    for place, says in (("first", "the next to train"), ("last", "behind all"), ("up", "one place"), ("down", "one")):
        where.add_argument(f"--{place}", action="store_const", const=place, dest="where", help=says)

    evaluate = add("evaluate", "a run's figures on a split, or on another dataset", calls.evaluate)
    evaluate.add_argument("run", metavar="RUN")
    evaluate.add_argument("--data", type=Path, metavar="OTHER", help="another dataset, at the run's frozen threshold")
    evaluate.add_argument("--split", default="test", choices=SPLITS)
    evaluate.add_argument("--threshold", type=float, help="instead of the run's operating point")
    evaluate.add_argument("--by", default="scan", choices=("scan", "patient"), help="what is counted (scan)")
    evaluate.add_argument("--join", metavar="mean|max|K-of-n", help="how a patient's scores are joined (mean)")
    evaluate.add_argument("--subgroups", action="store_true", help="also for each part of every column, worst first")

    calibrate = add(
        "calibrate", "fit a temperature on validation, and use calibrated scores everywhere or not", calls.calibrate
    )
    calibrate.add_argument("run", metavar="RUN")
    switch = calibrate.add_mutually_exclusive_group()
    switch.add_argument("--use", action="store_true", help="use calibrated scores everywhere from now on")
    switch.add_argument("--off", action="store_true", help="use the network's own scores again")

    threshold = add(
        "threshold",
        "choose a threshold on validation by a rule, report it on test; or its history, or a step back",
        calls.threshold,
    )
    threshold.add_argument("run", metavar="RUN")
    _rules(threshold)
    threshold.add_argument("--save", action="store_true", help="make it the run's operating point")
    other = threshold.add_mutually_exclusive_group()
    other.add_argument("--history", action="store_true", help="list every change of the run's operating point instead")
    other.add_argument(
        "--back",
        nargs="?",
        type=int,
        const=-1,
        metavar="NUMBER",
        help="put the one before in force again, or that of a numbered change; 0: the default",
    )

    explain = add("explain", "draw where a run saw evidence in scans", calls.explain)
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

    faithful = add("faithful", "tell whether maps of scans are to be trusted, doubted or ignored", calls.faithful)
    faithful.add_argument("run", metavar="RUN")
    faithful.add_argument("scans", nargs="+", metavar="SCAN")
    faithful.add_argument("--method", default="gradcam", help="as for explain (gradcam)")
    faithful.add_argument("--layer", default="", metavar="NAME", help="a stage of the network (the last one)")
    faithful.add_argument("--target", metavar="CLASS", help="evidence for which class (the positive one)")

    analyse = add("analyse", "work something long out about a run, and keep it there", calls.analyse)
    analyse.add_argument("run", metavar="RUN")
    analyse.add_argument("kind", metavar="KIND", help="heat, faithfulness, slow-map or tsne")
    analyse.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of this kind")
    analyse.add_argument("--again", action="store_true", help="though there is a result that holds")
    analyse.add_argument("--stop", action="store_true", help="ask the process that does it to stop instead")
    _background(analyse)

    notes = add("notes", "list readers' notes, or carry them to a file and back", calls.notes)
    notes.add_argument("target", nargs="?", default="", metavar="RUN|FOLDER", help="a run, or a whole runs folder")
    notes.add_argument("--export", type=Path, metavar="FILE.csv|FILE.json", help="write them, with their history")
    notes.add_argument("--import", type=Path, metavar="FILE", dest="take_from", help="add those of such a file")

    relabel = add("relabel", "copy a dataset with the labels that readers agree on; it stays as it is", calls.relabel)
    relabel.add_argument("target", metavar="DATA|RUN", help="a dataset; or a run's, whose split the copy then keeps")
    relabel.add_argument("--out", type=Path, required=True, metavar="DIR")

    study = add("study", "reading studies of a run: make one, list them, what readers did with the model", calls.study)
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

    sheet = add("sheet", "one case on a page: scan, map, numbers, notes", calls.sheet)
    sheet.add_argument("run", metavar="RUN")
    sheet.add_argument("scan", metavar="SCAN", help="its path in the run's index, or how its content's SHA-256 begins")
    sheet.add_argument("--method", default="gradcam", help="of the map, as in explain (gradcam)")
    sheet.add_argument("--target", metavar="CLASS", help="evidence for which class (the positive one)")
    sheet.add_argument("--layer", default="", help="stage whose map is drawn (the last)")
    sheet.add_argument("--out", type=Path, required=True, metavar="FILE.pdf|FILE.png")

    predict = add("predict", "score scans and decide at the run's operating point", calls.predict)
    predict.add_argument("run", metavar="RUN")
    predict.add_argument("scans", nargs="+", metavar="SCAN")
    predict.add_argument("--out", type=Path, metavar="FILE.csv|FILE.parquet")

    similar = add("similar", "the training scans that a run's network takes for most like a scan", calls.similar)
    similar.add_argument("run", metavar="RUN")
    similar.add_argument("scans", nargs="+", metavar="SCAN", help="a path in the run's index, else a file")
    similar.add_argument("--count", type=int, default=4, metavar="N", help="of each class (4)")

    worklist = add("worklist", "the scans to look at, as the review page lists them, and the link", calls.worklist)
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

    doubts = add("doubts", "rank the labels that are probably wrong, by scores from outside the training", calls.doubts)
    doubts.add_argument("run", metavar="RUN")
    doubts.add_argument("--most", type=int, default=20, metavar="N", help="how many to tell (20)")
    return parser


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a request."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def _rules(parser: argparse.ArgumentParser) -> None:
    """One of them is given; which ones go together is said by `core.commands.thresholds.asked_rule`."""
    parser.add_argument("--max-fnr", type=float, metavar="X", help="at most this share of positives missed, 0 to 1")
    parser.add_argument("--max-fpr", type=float, metavar="X", help="at most this share of the others alarmed")
    parser.add_argument("--cost", metavar="MISS:ALARM", help="least cost; 10:1 if a miss costs ten false alarms")
    parser.add_argument("--youden", action="store_true", help="largest sensitivity + specificity")
    parser.add_argument("--f-beta", type=float, metavar="BETA", help="largest F-beta; 2 weighs recall double")
    parser.add_argument(
        "--ppv", type=float, metavar="X", help="lowest with this share of alarms right, at --prevalence"
    )
    parser.add_argument("--value", type=float, metavar="T", help="a threshold that is given")
    parser.add_argument("--rule-out", type=float, metavar="X", help="two thresholds: missed below the lower at most")
    parser.add_argument("--rule-in", type=float, metavar="X", help="and alarmed from the upper on at most")
    parser.add_argument("--confidence", type=float, help="promise the shares for new scans at this, such as 0.95")
    parser.add_argument("--prevalence", type=float, help="share of people who have it: also report in patients")


def _grouping(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--group-by",
        default="",
        metavar="HOW",
        help="patient, pattern:REGEX, near-duplicates, blocks:25 or scan (as decided, else what there is)",
    )


def _background(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--background", action="store_true", dest="behind", help="low priority, plain log lines")


def _queued(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--background", action="store_true", help="queue it and return at once; it outlives a closed terminal"
    )
