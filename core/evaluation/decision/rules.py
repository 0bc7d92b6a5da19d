"""By what a threshold is chosen: each rule with its parameters, its text and its reason. Light: no library is imported.

`rule.text` is what is kept with a threshold, and `core.evaluation.decision.rule_texts.parsed_rule` makes the rule of it
again; how each one picks is in `core.evaluation.decision.choosing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import TypeGuard

LEAST_BETA, MOST_BETA = 0.01, 100.0  # beyond, F-beta is precision or recall, to more digits than scans tell
LEAST_COST, MOST_COST = 1e-9, 1e9
LEAST_PROMISED = 1e-12  # a share below it would take more scans than can be counted


@dataclass(frozen=True)
class MaxFnr:
    """At most a share `max_fnr`, in [0, 1), of the positives missed; with `confidence`, in (0, 1), of new ones too.

    The promise covers that the network is one of `networks` that were compared on the same scans.
    """

    max_fnr: float
    confidence: float | None = None
    networks: int = 1

    reason = "A miss is the worst that can happen: say how many are bearable, and alarm no more than that takes."

    def __post_init__(self) -> None:
        _check("max_fnr", self.max_fnr, low_is_in=True)
        _check_promise("max_fnr", self.max_fnr, self.confidence)
        _check_networks(self.networks)

    @property
    def bound_confidence(self) -> float | None:
        """Of the bound for one network, so that the bounds of all that were compared hold together; None without."""
        return _bound_confidence(self.confidence, self.networks)

    @property
    def text(self) -> str:
        """As kept with a threshold."""
        sure = _confidence_text("confidence", self.confidence)
        return f"max_fnr={_plain(self.max_fnr)}{sure}{_networks_text(self.confidence, self.networks)}"

    @property
    def words(self) -> str:
        """In words."""
        return f"at most {_percent(self.max_fnr)} missed{_confidence_words(self.confidence)}"


@dataclass(frozen=True)
class MaxFpr:
    """At most a share `max_fpr` in [0, 1] of the others alarmed; `confidence` and `networks` as in `MaxFnr`."""

    max_fpr: float
    confidence: float | None = None
    networks: int = 1

    reason = "There is time for only so many false alarms: miss as few as that allows."

    def __post_init__(self) -> None:
        _check("max_fpr", self.max_fpr, low_is_in=True, high_is_in=True)
        _check_promise("max_fpr", self.max_fpr, self.confidence)
        _check_networks(self.networks)

    @property
    def bound_confidence(self) -> float | None:
        """Of the bound for one network, so that the bounds of all that were compared hold together; None without."""
        return _bound_confidence(self.confidence, self.networks)

    @property
    def text(self) -> str:
        """As kept with a threshold."""
        sure = _confidence_text("confidence", self.confidence)
        return f"max_fpr={_plain(self.max_fpr)}{sure}{_networks_text(self.confidence, self.networks)}"

    @property
    def words(self) -> str:
        """In words."""
        return f"at most {_percent(self.max_fpr)} false alarms{_confidence_words(self.confidence)}"


@dataclass(frozen=True)
class Cost:
    """The least expected cost, where one miss costs `miss` and one false alarm `false_alarm`.

    Both lie in [`LEAST_COST`, `MOST_COST`], so that what they come to is a number too. Where `prevalence` in (0, 1) is
    given, positives are that share of the scans; else the share they are in the split.
    """

    miss: float
    false_alarm: float = 1.0
    prevalence: float | None = None

    reason = "A miss and a false alarm have a price each: pay as little as can be in all."

    def __post_init__(self) -> None:
        for name in ("miss", "false_alarm"):
            _check_within(f"the cost of a {name.replace('_', ' ')}", getattr(self, name), LEAST_COST, MOST_COST)
        if self.prevalence is not None:
            _check("prevalence", self.prevalence)

    @property
    def text(self) -> str:
        """As kept with a threshold: a miss to a false alarm."""
        where = "" if self.prevalence is None else f", prevalence={_plain(self.prevalence)}"
        return f"cost={_plain(self.miss)}:{_plain(self.false_alarm)}{where}"

    @property
    def words(self) -> str:
        """In words, with the direction."""
        where = "" if self.prevalence is None else f" where {_percent(self.prevalence)} have it"
        if self.miss == self.false_alarm:
            return f"the least cost if a miss costs as much as a false alarm{where}"
        if self.miss > self.false_alarm:
            return f"the least cost if a miss costs {self.miss / self.false_alarm:.4g} times a false alarm{where}"
        return f"the least cost if a false alarm costs {self.false_alarm / self.miss:.4g} times a miss{where}"


@dataclass(frozen=True)
class Youden:
    """The largest sensitivity + specificity - 1.

    Source: W. J. Youden, "Index for rating diagnostic tests", Cancer 3 (1950), 32-35.
    """

    text = "youden"
    words = "the largest sum of sensitivity and specificity (Youden)"
    reason = "Sensitivity and specificity count alike. It says nothing of what a miss costs: usual, seldom right."


@dataclass(frozen=True)
class FBeta:
    """The largest F-beta, in which recall weighs `beta` times as much as precision.

    `beta` lies in [`LEAST_BETA`, `MOST_BETA`].

    Source: C. J. van Rijsbergen, "Information Retrieval", 2nd edition (1979), chapter 7.
    """

    beta: float

    reason = "Alarms should be right and positives found; beta says how much more the finding counts."

    def __post_init__(self) -> None:
        _check_within("beta", self.beta, LEAST_BETA, MOST_BETA)

    @property
    def text(self) -> str:
        """As kept with a threshold."""
        return f"f_beta={_plain(self.beta)}"

    @property
    def words(self) -> str:
        """In words."""
        return f"the largest F{self.beta:.4g}"


@dataclass(frozen=True)
class Ppv:
    """At least a share `ppv` in (0, 1] of the alarms right where a share `prevalence` in (0, 1) has it."""

    ppv: float
    prevalence: float

    reason = "Whoever follows up the alarms must find enough among them, where people are as ill as where it is used."

    def __post_init__(self) -> None:
        _check("ppv", self.ppv, high_is_in=True)
        _check("prevalence", self.prevalence)

    @property
    def text(self) -> str:
        """As kept with a threshold."""
        return f"ppv={_plain(self.ppv)}, prevalence={_plain(self.prevalence)}"

    @property
    def words(self) -> str:
        """In words."""
        return f"at least {_percent(self.ppv)} of alarms right where {_percent(self.prevalence)} have it"


@dataclass(frozen=True)
class Fixed:
    """A threshold in [0, 1] that somebody set."""

    threshold: float

    words = "set by hand"
    reason = "The threshold is given, by a protocol or by hand."

    def __post_init__(self) -> None:
        _check("threshold", self.threshold, low_is_in=True, high_is_in=True)

    @property
    def text(self) -> str:
        """As kept with a threshold."""
        return f"fixed={_plain(self.threshold)}"


@dataclass(frozen=True)
class Default:
    """The threshold of a run for which nobody has chosen one."""

    threshold = 0.5
    text = "default"
    words = "the default, nobody has chosen it"
    reason = "Nobody has chosen a threshold."


@dataclass(frozen=True)
class Zones:
    """Two thresholds: at most `rule_out` of the positives below the lower, `rule_in` of the others from the upper on.

    Each target may be promised for new scans with a confidence of its own, over a choice among `networks` as in
    `MaxFnr`; both then hold together with at least the sum of the two confidences less 1.
    """

    rule_out: float
    rule_in: float
    out_confidence: float | None = None
    in_confidence: float | None = None
    networks: int = 1

    reason = "Leave to a reader what the model cannot tell: rule out below, rule in above, refer in between."

    def __post_init__(self) -> None:
        _check("rule_out", self.rule_out, low_is_in=True)
        _check("rule_in", self.rule_in, low_is_in=True, high_is_in=True)
        _check_promise("rule_out", self.rule_out, self.out_confidence, called="out_confidence")
        _check_promise("rule_in", self.rule_in, self.in_confidence, called="in_confidence")
        _check_networks(self.networks)

    @property
    def below(self) -> MaxFnr:
        """The rule of the lower threshold."""
        return MaxFnr(self.rule_out, self.out_confidence, self.networks)

    @property
    def above(self) -> MaxFpr:
        """The rule of the upper threshold."""
        return MaxFpr(self.rule_in, self.in_confidence, self.networks)

    @property
    def text(self) -> str:
        """As kept with a threshold."""
        sure = (
            f"{_confidence_text('out_confidence', self.out_confidence)}"
            f"{_confidence_text('in_confidence', self.in_confidence)}"
            f"{_networks_text(self.out_confidence or self.in_confidence, self.networks)}"
        )
        return f"rule_out={_plain(self.rule_out)}, rule_in={_plain(self.rule_in)}{sure}"

    @property
    def words(self) -> str:
        """In words."""
        return f"two thresholds, {self.below.words} below the lower, {self.above.words} from the upper on"


Rule = MaxFnr | MaxFpr | Cost | Youden | FBeta | Ppv | Fixed | Default | Zones
FITTED_ON_THE_SAME = (
    "of several classes, calibrated scores rank the scans by a temperature that was fitted on these same scans, so "
    "nothing can be promised on them"
)


def is_promised(rule: Rule) -> TypeGuard[MaxFnr | MaxFpr | Zones]:
    """Whether any of its targets is promised for new scans."""
    if isinstance(rule, MaxFnr | MaxFpr):
        return rule.confidence is not None
    return isinstance(rule, Zones) and not (rule.out_confidence is None and rule.in_confidence is None)


def _check(name: str, value: float, *, low_is_in: bool = False, high_is_in: bool = False) -> None:
    _check_number(name, value)
    above = value >= 0 if low_is_in else value > 0
    below = value <= 1 if high_is_in else value < 1
    if not (above and below):
        span = f"{'[' if low_is_in else '('}0, 1{']' if high_is_in else ')'}"
        raise ValueError(f"{name} must lie in {span}, found {value:g}")


def _check_within(name: str, value: float, least: float, most: float) -> None:
    _check_number(name, value)
    if not least <= value <= most:  # NaN is not either
        raise ValueError(f"{name} must lie between {least:g} and {most:g}, found {value:g}")


def _check_promise(name: str, value: float, confidence: float | None, *, called: str = "confidence") -> None:
    if confidence is None:
        return
    _check(called, confidence)
    if 0 < value < LEAST_PROMISED:
        raise ValueError(f"{name} must be at least {LEAST_PROMISED:g} to be promised, found {value:g}")


def _plain(value: float) -> str:
    """The shortest text that reads as the same number."""
    return repr(float(value)).removesuffix(".0")


def _percent(value: float) -> str:
    return f"{value * 100:.4g} %"


def _confidence_text(name: str, confidence: float | None) -> str:
    return "" if confidence is None else f", {name}={_plain(confidence)}"


def _confidence_words(confidence: float | None) -> str:
    return "" if confidence is None else f", promised for new ones with {confidence * 100:.10g} % confidence"


def _networks_text(confidence: float | None, networks: int) -> str:
    return "" if confidence is None or networks == 1 else f", networks={networks}"


def _bound_confidence(confidence: float | None, networks: int) -> float | None:
    return None if confidence is None else 1 - (1 - confidence) / networks


def _check_networks(networks: int) -> None:
    if not isinstance(networks, Integral) or networks < 1:
        raise ValueError(f"networks compared must be a whole number from 1, found {networks!r}")


def _check_number(name: str, value: float) -> None:
    if not isinstance(value, Real):
        raise ValueError(f"{name} must be a number, found {value!r}")
