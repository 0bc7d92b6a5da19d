"""Commands about where a run is cut: a rule applied, its history, a step back, and what it means in patients."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.commands.datasets import Facts
from core.commands.figures import chosen_facts, figures_at, what_was_used
from core.errors import ConfigError, RequestError
from core.evaluation.decision.rules import Cost, FBeta, Fixed, MaxFnr, MaxFpr, Ppv, Rule, Youden, Zones
from core.runs import Run

if TYPE_CHECKING:
    from core.decided import Change
    from core.evaluation.decision.operating_point import OperatingPoint
    from core.results import SplitResults

_CHOICES = "--max-fnr, --max-fpr, --cost, --youden, --f-beta, --ppv, --value, or --rule-out with --rule-in"
_RULES = ("max_fnr", "max_fpr", "cost", "youden", "f_beta", "ppv", "value", "rule_out")
_BESIDE_A_RULE = ("rule_in", "confidence", "prevalence")
_PROMISED = ("max_fnr", "max_fpr", "rule_out")


def asked_rule(options: Mapping[str, Any]) -> Rule | None:
    """The rule that the options of `threshold` ask for; None where they ask for the history or the one in force.

    Args:
        options: by their names, `max_fnr` and so on; absent ones are None, or false where they are switches.

    Raises:
        RequestError: no rule, several, half of one, a confidence that it cannot promise, or anything beside the history
            or a step back.
        ConfigError: a value is out of range.
    """
    given = [name for name in _RULES if options[name] is not None and options[name] is not False]
    confidence, prevalence = options["confidence"], options["prevalence"]
    if options["history"] or options["back"] is not None:
        if given or options["save"] or any(options[name] is not None for name in _BESIDE_A_RULE):
            raise RequestError("expected --history or --back by itself, found more; ask for one thing at a time")
        return None
    if (options["rule_out"] is None) != (options["rule_in"] is None):
        raise RequestError("expected --rule-out and --rule-in together, found one of them; give both")
    if len(given) > 1:
        found = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise RequestError(f"expected one rule ({_CHOICES}), found {found}; keep one")
    if confidence is not None and (not given or given[0] not in _PROMISED):
        raise RequestError(
            "expected --confidence with --max-fnr, --max-fpr or --rule-out and --rule-in, which can be promised; "
            "leave it out"
        )
    if prevalence is not None and not 0 < prevalence < 1:
        raise ConfigError(f"expected a prevalence between 0 and 1, found {prevalence:g}")
    if not given:
        if prevalence is None or options["save"]:
            raise RequestError(f"expected a rule to choose by ({_CHOICES}), found none; give one")
        return None
    if given[0] == "ppv" and prevalence is None:
        raise RequestError("expected --prevalence with --ppv: a PPV holds at one prevalence only; give it")
    try:
        return _rule(given[0], options, confidence, prevalence)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def threshold(run: Run, rule: Rule | None, *, prevalence: float | None, save: bool) -> Facts:
    """Choose a threshold on validation by a rule, and report it on test; without one, report the one in force.

    It is saved once its figures are there: a request that fails changes nothing.

    Raises:
        ConfigError: no threshold does what the rule asks.
    """
    from core.cautions import cautions_on
    from core.decided import point_in_force, save_point
    from core.evaluation.decision.choosing import chosen
    from core.results import split_results, splits_of, torn_groups
    from core.sweeps.compared import over_the_choice

    splits = {
        split: split_results(run, split) for split in ("val", "test") if split in splits_of(run) or split == "val"
    }
    try:
        point = point_in_force(run) if rule is None else chosen(splits["val"].scored, over_the_choice(run, rule))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    point = replace(point, score_kind=splits["val"].score_kind)
    rests_on: Facts = {
        "torn_groups": torn_groups(run),
        "cautions": [caution.text for caution in cautions_on(run, tuple(splits))],
        **what_was_used(run),
        "val": None,
        "test": None,
    }
    rests_on |= {name: _figures(results, point, prevalence) for name, results in splits.items()}
    if save:
        point = save_point(run, point)
    return {
        "run": run.id,
        "threshold": point.threshold,
        "rule": point.rule,
        "promise": point.promise,
        "chosen": chosen_facts(point),
        "scores": splits["val"].score_kind or "raw",
        "saved": save,
        **rests_on,
    }


def history(run: Run) -> Facts:
    """Every change of a run's threshold, oldest first; the last is in force."""
    from core.decided import point_history

    return {"run": run.id, "history": [_change_facts(change) for change in point_history(run)]}


def history_for_people(facts: Facts) -> Facts:
    """The same with each change as lines of its own, without what it has not."""
    changes = {
        f"change {change['number']}": {
            name: value for name, value in change.items() if name != "number" and value not in ("", None)
        }
        for change in facts["history"]
    }
    return facts | {"history": changes or None}


def back(run: Run, *, to: int | None) -> Facts:
    """Put the threshold before the present one in force again, or that of a numbered change."""
    from core.decided import point_in_force, take_back

    take_back(run, to=to)
    point = point_in_force(run)  # for the kind of scores in force, which it may not have been chosen on
    return {"run": run.id, "threshold": point.threshold, "rule": point.rule, "chosen": chosen_facts(point)}


def _rule(name: str, options: Mapping[str, Any], confidence: float | None, prevalence: float | None) -> Rule:
    value = options[name]
    if name == "max_fnr":
        return MaxFnr(value, confidence)
    if name == "max_fpr":
        return MaxFpr(value, confidence)
    if name == "cost":
        return Cost(*_prices(value), prevalence)
    if name == "ppv":
        return Ppv(value, prevalence)  # type: ignore[arg-type]  # is there, or was refused
    if name == "rule_out":
        return Zones(value, options["rule_in"], confidence, confidence)
    if name == "youden":
        return Youden()
    return FBeta(value) if name == "f_beta" else Fixed(value)


def _prices(text: str) -> tuple[float, float]:
    try:
        miss, false_alarm = (float(part) for part in text.split(":"))
    except ValueError:
        raise ValueError(
            f"expected --cost as a miss to a false alarm, such as 10:1 where a miss is ten times as bad, found {text!r}"
        ) from None
    return miss, false_alarm


def _figures(results: "SplitResults", point: "OperatingPoint", prevalence: float | None) -> Facts:
    """A split's figures at the threshold; its zones where there are two, and patients where a prevalence is given."""
    facts = figures_at(results, point.threshold, point.upper)
    if prevalence is not None:
        from core.evaluation.decision.population import ZonesInPopulation, in_population

        found = in_population(results.scored, point.threshold, prevalence)
        if point.upper is None:
            facts["in_patients"] = found.to_json()
        else:
            upper = in_population(results.scored, point.upper, prevalence)
            facts["in_patients"] = ZonesInPopulation(found, upper).to_json()
    return facts


def _change_facts(change: "Change") -> Facts:
    point = change.point
    return {
        "number": change.number,
        "threshold": point.threshold,
        **chosen_facts(point),
        "promise": point.promise,
        "scores": point.score_kind or "raw",
        "back_to": change.back_to,
        "fnr": point.fnr.to_json(),
        "fpr": point.fpr.to_json(),
        "ruled_in_fpr": None if point.ruled_in_fpr is None else point.ruled_in_fpr.to_json(),
        "referred": None if point.referred is None else point.referred.to_json(),
        "data_fingerprint": point.data_fingerprint,
    }
