"""What an audit gives: findings, each with what can be done about it, and what was looked for in vain."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.data.decisions import Decision
from core.evaluation.intervals import Estimate

KINDS = (
    "exact-duplicate",
    "near-duplicate",
    "label-conflict",
    "group-across-splits",
    "odd-scan",
    "shortcut",
    "optimism-gap",
)
SEVERITIES = ("high", "medium", "low")
MOST_EXAMPLES = 6


@dataclass(frozen=True)
class Example:
    """Scans to look at side by side: their `paths`, and a word or two about each in `words`."""

    paths: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def says(self) -> str:
        """The words as one line, in the order of the scans."""
        return " | ".join(self.words)


@dataclass(frozen=True)
class Offer:
    """What can be done: `action` as in `core.data.decisions.ACTIONS`, `says` in words, with its paths or groups."""

    action: str
    says: str
    paths: tuple[str, ...] = ()
    group_by: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or that one has to know.

    Attributes:
        kind: one of `KINDS`.
        about: which of its kind, such as "pixels" or "storage"; with the paths it makes the id.
        severity: one of `SEVERITIES`.
        scans: how many it touches.
        says: what was found, a sentence with figures.
        means: what follows for the figures of a model.
        figures: by name: numbers, texts, `Estimate`s, and lists and mappings of them.
        paths: of the scans touched; empty where it is all of them.
        examples: at most `MOST_EXAMPLES`.
        offers: what can be done.
        settled: what was decided about it, in words; empty while it is open.
    """

    kind: str
    about: str
    severity: str
    scans: int
    says: str
    means: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    offers: tuple[Offer, ...] = ()
    settled: str = ""

    @property
    def id(self) -> str:
        """The same for the same finding on the same scans, whatever its figures: 12 hex digits."""
        return hashlib.sha256("\0".join((self.kind, self.about, *sorted(self.paths))).encode()).hexdigest()[:12]

    def settled_by(self, offer: Offer) -> Decision:
        """The decision to do what `offer` says, to be kept with the dataset."""
        return Decision(
            kind=self.kind,
            finding=self.id,
            action=offer.action,
            says=offer.says,
            paths=offer.paths,
            group_by=offer.group_by,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values; the figures stand beside the rest under their own names."""
        return {
            "kind": self.kind,
            "about": self.about,
            "severity": self.severity,
            "scans": self.scans,
            "says": self.says,
            "means": self.means,
            **{name: _plain(value) for name, value in self.figures.items()},
            "id": self.id,
            "settled": self.settled,
            "paths": list(self.paths),
            "examples": [{"paths": list(shown.paths), "words": list(shown.words)} for shown in self.examples],
            "offers": [
                {"action": offer.action, "says": offer.says, "paths": list(offer.paths), "group_by": offer.group_by}
                for offer in self.offers
            ],
        }


@dataclass(frozen=True)
class Checked:
    """What was looked for and not found, or could not be looked for: a sentence, with the figures behind it."""

    kind: str
    says: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"kind": self.kind, "says": self.says, **{name: _plain(value) for name, value in self.figures.items()}}


@dataclass(frozen=True)
class Audit:
    """All findings, the gravest first, and what is in order; `scans` usable ones were looked at."""

    scans: int
    findings: tuple[Finding, ...]
    checked: tuple[Checked, ...]

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nothing was decided about."""
        return tuple(finding for finding in self.findings if not finding.settled)

    def to_json(self) -> dict[str, Any]:
        """What the command line prints."""
        return {
            "scans": self.scans,
            "findings": [finding.to_json() for finding in self.findings],
            "checked": [checked.to_json() for checked in self.checked],
        }


_ESTIMATE = {"value", "low", "high"}

KEEP = Offer("keep", "keep everything as it is")


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 scan, 1,489 scans."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def audit_from_json(data: Mapping[str, Any]) -> Audit:
    """What `Audit.to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is nothing of the kind.
    """
    return Audit(
        int(data["scans"]),
        tuple(_finding_from_json(dict(finding)) for finding in data["findings"]),
        tuple(_checked_from_json(dict(checked)) for checked in data["checked"]),
    )


def _finding_from_json(data: dict[str, Any]) -> Finding:
    del data["id"]
    texts = {name: str(data.pop(name)) for name in ("kind", "about", "severity", "says", "means", "settled")}
    if texts["kind"] not in KINDS or texts["severity"] not in SEVERITIES:
        raise ValueError(f"no finding: {texts['kind']!r}, {texts['severity']!r}")
    return Finding(
        **texts,
        scans=int(data.pop("scans")),
        paths=tuple(map(str, data.pop("paths"))),
        examples=tuple(Example(tuple(shown["paths"]), tuple(shown["words"])) for shown in data.pop("examples")),
        offers=tuple(
            Offer(offer["action"], offer["says"], tuple(offer["paths"]), offer["group_by"])
            for offer in data.pop("offers")
        ),
        figures=_figures(data),
    )


def _checked_from_json(data: dict[str, Any]) -> Checked:
    return Checked(str(data.pop("kind")), str(data.pop("says")), _figures(data))


def _figures(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: Estimate.from_json(value) if isinstance(value, Mapping) and set(value) == _ESTIMATE else value
        for name, value in data.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Estimate):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
