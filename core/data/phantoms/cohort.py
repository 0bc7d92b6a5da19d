"""Who is in a set of phantoms: patients in matched groups, the shortcuts they carry and the labels they get."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from core.data.phantoms.options import LEAST_SLICES, MARKER, MOST_SLICES, NORMAL, OTHER_SCANNER, PhantomOptions
from core.data.phantoms.scanner import Acquisition, draw_acquisition, similar_acquisition
from core.data.phantoms.shortcuts import other_scanner


@dataclass(frozen=True)
class Patient:
    """One patient before anyone has scanned them; `label` is what is written, `true_label` what they have."""

    patient_id: str
    true_label: str
    label: str
    slices: int
    scanner: Acquisition
    has_shortcut: bool
    marked: bool
    stream: np.random.SeedSequence


def draw_cohort(count: int, seed: int, options: PhantomOptions) -> list[Patient]:
    """All patients of a set of `count` slices, a group of one patient of each class after the other.

    A group is scanned by one protocol (image size, window, noise, levels), as a case-control study would match it; each
    patient has a random stream of its own. Shares (shortcut, label noise) are met to the nearest patient of each class.
    """
    plan_seed, *streams = np.random.SeedSequence(seed).spawn(1 + count)
    plan = np.random.default_rng(plan_seed)
    slices = _slices_of_classes(plan, count, options)
    drawn = [
        (label, held, similar_acquisition(plan, protocol))
        for group in zip_longest(*slices)
        for protocol in [draw_acquisition(plan)]
        for label, held in zip(options.labels, group, strict=True)
        if held is not None
    ]
    numbers = plan.permutation(len(drawn)) + 1
    truth = [label for label, _, _ in drawn]
    shortcuts = _with_shortcut(plan, truth, options)
    labels = _noisy(plan, truth, options)
    return [
        Patient(
            patient_id=f"P{number:03d}",
            true_label=true_label,
            label=label,
            slices=held,
            scanner=other_scanner(scanner) if has_shortcut and options.shortcut == OTHER_SCANNER else scanner,
            has_shortcut=has_shortcut,
            marked=has_shortcut and options.shortcut == MARKER,
            stream=stream,
        )
        for (true_label, held, scanner), number, has_shortcut, label, stream in zip(
            drawn, numbers, shortcuts, labels, streams, strict=False
        )
    ]


def _slices_of_classes(plan: np.random.Generator, count: int, options: PhantomOptions) -> list[list[int]]:
    """How many slices each patient has, a list a class; classes of as many scans are shared out alike."""
    least, more = divmod(count, options.classes)
    shared = {least: _share_out(plan, least, options.slices)}
    if more:
        shared[least + 1] = _share_out(plan, least + 1, options.slices)
    return [shared[least + (place >= options.classes - more)] for place in range(options.classes)]


def _share_out(plan: np.random.Generator, scans: int, each: int | None) -> list[int]:
    """Scans of one class shared out to patients: `each` of them (the last takes what is left), or 3 to 5."""
    if each is not None:
        return [min(each, scans - start) for start in range(0, scans, each)]
    slices = [LEAST_SLICES] * max(-(-scans // MOST_SLICES), round(scans / 4))
    for _ in range(scans - sum(slices)):
        slices[plan.choice([index for index, held in enumerate(slices) if held < MOST_SLICES])] += 1
    return slices


def _with_shortcut(plan: np.random.Generator, truth: list[str], options: PhantomOptions) -> list[bool]:
    """Which patients carry the shortcut: the stated share of the ill ones, and the rest's share of the normal ones."""
    carries = [False] * len(truth)
    if options.shortcut:
        for label in options.labels:
            share = 1 - options.shortcut_share if label == NORMAL else options.shortcut_share
            for place in _some(plan, truth, label, share):
                carries[place] = True
    return carries


def _noisy(plan: np.random.Generator, truth: list[str], options: PhantomOptions) -> list[str]:
    """Labels as written: the stated share of each class's patients gets another class's."""
    labels = list(truth)
    for label in options.labels:
        others = [other for other in options.labels if other != label]
        for place in _some(plan, truth, label, options.label_noise):
            labels[place] = str(plan.choice(others))
    return labels


def _some(plan: np.random.Generator, truth: list[str], label: str, share: float) -> Iterator[int]:
    places = [place for place, held in enumerate(truth) if held == label]
    yield from plan.permutation(places)[: round(share * len(places))].tolist()
