"""Which class is the positive one: a guess from the names, for people to correct."""

import re
from collections.abc import Iterable

# What a miss would hurt most comes first; a word counts where a name's word begins with it.
_POSITIVE_WORDS = (
    *("covid", "sars", "malignan", "cancer", "carcinom", "tumor", "tumour", "metasta"),
    *("hemorrhag", "haemorrhag", "bleed", "embol", "pneumothora", "tubercul", "pneumon"),
    *("lesion", "nodul", "fractur", "effusion", "edema", "oedema", "fibros", "emphysem"),
    *("infect", "opacit", "disease", "patholog", "sick", "ill", "abnormal", "positiv", "pos", "yes", "true"),
)
_NEGATIVE_WORDS = {
    *("no", "non", "not", "without", "free", "negative", "neg", "normal", "normals", "healthy", "clear"),
    *("benign", "control", "controls", "uninfected", "unaffected", "absent", "none", "false", "other"),
}


def guess_positive(classes: Iterable[str]) -> str:
    """The class whose miss probably hurts: named after a disease and not denied, the graver the better.

    Where no name tells, the last by alphabet that is not plainly negative ("1" of "0" and "1").

    Raises:
        ValueError: there are no classes.
    """
    names = sorted(classes)
    if not names:
        raise ValueError("expected at least one class to choose the positive from, got none")
    candidates = [name for name in names if not _is_negative(name)] or names
    ranked = [(rank, name) for name in candidates if (rank := _gravity(name)) is not None]
    return min(ranked)[1] if ranked else candidates[-1]


def _is_negative(name: str) -> bool:
    return any(word in _NEGATIVE_WORDS or _denied(word) for word in _words(name))


def _denied(word: str) -> bool:
    """Whether a no is grown into the word: noncovid and nocovid, but not nodule."""
    rest = re.sub(r"^(non|no|un)", "", word)
    return rest != word and rest.startswith(_POSITIVE_WORDS)


def _gravity(name: str) -> int | None:
    """0 for what hurts most; None where the name says nothing."""
    words = _words(name)
    ranks = [rank for rank, sign in enumerate(_POSITIVE_WORDS) if any(word.startswith(sign) for word in words)]
    return min(ranks, default=None)


def _words(name: str) -> list[str]:
    """Split at capitals after small letters and at what is no letter: NonCOVID-19 CT is non, covid, ct."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[^\W\d_]+", apart.lower())
