"""What a worklist asks for, as an immutable value and as the text of an address: a link is a worklist."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode

from core.errors import RequestError
from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.evaluation.splits import SPLITS

CELLS = (MISSED, FALSE_ALARM, FOUND, CLEARED)
ANY = "any"
ORDERS = {
    "error": "Most confident errors first",
    "score-down": "Highest score first",
    "score-up": "Lowest score first",
    "disagreement": "Other runs disagree most",
    "group": "By group, slice by slice",
    "doubt": "Most doubtful label first",
    "outside": "Most heat outside the lungs first",
}
ONLY = {
    "near": "Near the threshold",
    "mislabelled": "Probably mislabelled",
    "outside": "Heat outside the lungs",
    "unread": "Not yet read",
}
NAMES = ("cell", "split", "truth", "predicted", "where", "score", "group", "only", "order", "area")
_MOST_PARTS = 20
_LONGEST_TEXT = 4000


@dataclass(frozen=True)
class Filters:
    """Any combination of what a scan may be asked for; the default asks for nothing, and gets every scan.

    Attributes:
        cells: of `CELLS`, in their order; none: all of them.
        truth: only scans of this class; empty: of any.
        predicted: only scans called this class; empty: any.
        split: `train`, `val`, `test` or `ANY`.
        subgroups: pairs of a column and one of its parts, as the performance page cuts them; parts of one column are
            alternatives, different columns must all fit.
        score_low, score_high: bounds of the score, both included, in [0, 1].
        group: only scans of this group; empty: of any.
        near_threshold: only the tenth of its split whose scores lie nearest to a threshold in force.
        mislabelled: only scans whose label is probably wrong.
        outside_lungs: only scans where less than half of the heat lies in the lungs.
        unread: only scans without a reader's verdict.
        order: a key of `ORDERS`.
        area: of the map of all scans, as `core.explanation.projection.within` reads it; empty: all of it.
    """

    cells: tuple[str, ...] = ()
    truth: str = ""
    predicted: str = ""
    split: str = ANY
    subgroups: tuple[tuple[str, str], ...] = ()
    score_low: float = 0.0
    score_high: float = 1.0
    group: str = ""
    near_threshold: bool = False
    mislabelled: bool = False
    outside_lungs: bool = False
    unread: bool = False
    order: str = "error"
    area: str = ""

    @property
    def only(self) -> tuple[str, ...]:
        """The keys of `ONLY` that are asked for."""
        asked = (self.near_threshold, self.mislabelled, self.outside_lungs, self.unread)
        return tuple(name for name, is_asked in zip(ONLY, asked, strict=True) if is_asked)

    def with_only(self, names: tuple[str, ...] | list[str]) -> "Filters":
        """The same with these keys of `ONLY`, and no others."""
        return replace(
            self,
            near_threshold="near" in names,
            mislabelled="mislabelled" in names,
            outside_lungs="outside" in names,
            unread="unread" in names,
        )

    def to_query(self) -> dict[str, str]:
        """The parts of an address by name, of `NAMES`: cell and split always, the rest where something is asked."""
        bounded = (self.score_low, self.score_high) != (0.0, 1.0)
        query = {
            "cell": ",".join(self.cells) or ANY,
            "split": self.split,
            "truth": self.truth,
            "predicted": self.predicted,
            "where": urlencode(self.subgroups, errors="replace", quote_via=quote),
            "score": f"{self.score_low!r}..{self.score_high!r}" if bounded else "",
            "group": self.group,
            "only": ",".join(self.only),
            "order": "" if self.order == "error" else self.order,
            "area": self.area,
        }
        return {name: text for name, text in query.items() if text or name in ("cell", "split")}

    @classmethod
    def from_query(cls, query: Mapping[str, str], start: "Filters | None" = None) -> "tuple[Filters, tuple[str, ...]]":
        """What `to_query` wrote, and a line for each part of the address that says nothing and is ignored.

        Args:
            query: parts of an address by name; those that are not in `NAMES` are none of ours.
            start: gives cells and split where the address names none, or none that there are.
        """
        start = start or cls()
        ignored: list[str] = []

        def text(name: str) -> str:
            value = query.get(name, "")
            if len(value) <= _LONGEST_TEXT:
                return value
            ignored.append(f"{name}: {len(value):,} characters are too many")
            return ""

        def one_of(name: str, known: tuple[str, ...], default: str) -> str:
            value = text(name)
            if value and value not in known:
                ignored.append(f"{name}={value}: expected one of {', '.join(known)}")
            return value if value in known else default

        cells = _cells(text("cell"), start.cells, ignored)
        low, high = _bounds(text("score"), ignored)
        found = cls(
            cells=cells,
            truth=text("truth"),
            predicted=text("predicted"),
            split=one_of("split", (*SPLITS, ANY), start.split),
            subgroups=_subgroups(text("where"), ignored),
            score_low=low,
            score_high=high,
            group=text("group"),
            order=one_of("order", tuple(ORDERS), "error"),
            area=_area(text("area"), ignored),
        )
        return found.with_only(_only(text("only"), ignored)), tuple(ignored)


def without(filters: Filters, name: str) -> Filters:
    """The same with one part of the address, of `NAMES`, no longer asked for."""
    query = {key: value for key, value in filters.to_query().items() if key != name}
    return Filters.from_query(query)[0]


def _cells(text: str, default: tuple[str, ...], ignored: list[str]) -> tuple[str, ...]:
    if not text:
        return default
    if text == ANY:
        return ()
    asked = text.split(",")
    unknown = [name for name in asked if name not in CELLS]
    ignored.extend(f"cell={name}: expected one of {', '.join(CELLS)} or {ANY}" for name in unknown[:1])
    return tuple(name for name in CELLS if name in asked) or default


def _only(text: str, ignored: list[str]) -> list[str]:
    asked = text.split(",") if text else []
    unknown = [name for name in asked if name not in ONLY]
    ignored.extend(f"only={name}: expected some of {', '.join(ONLY)}" for name in unknown[:1])
    return asked


def _bounds(text: str, ignored: list[str]) -> tuple[float, float]:
    if not text:
        return 0.0, 1.0
    low_text, _, high_text = text.partition("..")
    try:
        low, high = float(low_text), float(high_text)
    except ValueError:
        low = math.nan
    if not 0 <= low <= high <= 1:
        ignored.append(f"score={text}: expected two numbers from 0 to 1, such as 0.2..0.8")
        return 0.0, 1.0
    return low, high


def _subgroups(text: str, ignored: list[str]) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="replace", max_num_fields=_MOST_PARTS
        )
    except ValueError:
        ignored.append(f"where={text}: expected column=part, at most {_MOST_PARTS} of them")
        return ()
    return tuple(dict.fromkeys(pairs))


def _area(text: str, ignored: list[str]) -> str:
    if not text:
        return ""
    from core.explanation.projection import read_area  # brings NumPy and OpenCV: only where an area is asked for

    try:
        return read_area(text).text
    except RequestError as error:
        ignored.append(f"area: {error}")
        return ""
