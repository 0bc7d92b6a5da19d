"""A rule's text, as kept with a threshold, and how a threshold was chosen in words. Light, as the rules are."""

from __future__ import annotations

from collections.abc import Callable

from core.evaluation.decision.rules import Cost, Default, FBeta, Fixed, MaxFnr, MaxFpr, Ppv, Rule, Youden, Zones

_SPLIT_WORDS = {"train": "training", "val": "validation", "test": "test"}
_BY_FIRST_WORD: dict[str, Callable[..., Rule]] = {
    "max_fnr": MaxFnr,
    "max_fpr": MaxFpr,
    "f_beta": FBeta,
    "ppv": Ppv,
    "fixed": Fixed,
    "rule_out": Zones,
}


def parsed_rule(text: str) -> Rule:
    """The rule that has this text, so that it can be applied again.

    Raises:
        ValueError: no rule has it.
    """
    if text == Default.text:
        return Default()
    if text == Youden.text:
        return Youden()
    try:
        given = dict(part.split("=", 1) for part in text.split(", "))
        first = next(iter(given))
        if first == "cost":
            miss, false_alarm = given.pop("cost").split(":")
            return Cost(float(miss), float(false_alarm), **_numbers(given))
        leading = float(given.pop(first))
        return _BY_FIRST_WORD[first](leading, **_numbers(given))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"expected the text of a rule, such as max_fnr=0.05, found {text!r}: {error}") from None


def rule_words(text: str) -> str:
    """How a threshold was chosen, in words, from the rule's text; a text that no rule has stays as it is."""
    if not text:
        return "nobody knows how"
    try:
        return parsed_rule(text).words
    except ValueError:
        return text


def chosen_words(text: str, split: str) -> str:
    """How and on which split a threshold was chosen: `chosen on validation: at most 5 % missed`."""
    if text == Default.text or text.startswith("fixed=") or not text:
        return rule_words(text)
    return f"chosen on {_SPLIT_WORDS.get(split, split)}: {rule_words(text)}"


def _numbers(given: dict[str, str]) -> dict[str, float]:
    return {name: int(number) if name == "networks" else float(number) for name, number in given.items()}
