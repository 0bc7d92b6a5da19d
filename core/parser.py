"""The commands and their options."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from core import calls
from core.evaluation.splits import SPLITS
from core.review_parser import add_review_commands
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
    evaluate.add_argument("--split", choices=SPLITS, help="of the run's own scans (test)")
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
        const=True,  # by itself: no number that could be typed
        metavar="NUMBER",
        help="put the one before in force again, or that of a numbered change; 0: the default",
    )

    predict = add("predict", "score scans and decide at the run's operating point", calls.predict)
    predict.add_argument("run", metavar="RUN")
    predict.add_argument("scans", nargs="+", metavar="SCAN")
    predict.add_argument("--out", type=Path, metavar="FILE.csv|FILE.parquet")

    add_review_commands(add)
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
