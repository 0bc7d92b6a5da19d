"""Plain values as lines for people."""

from typing import Any


def as_text(value: Any, indent: str = "") -> list[str]:
    """Plain values as indented lines; figures with an interval on one line."""
    if not isinstance(value, dict):
        return [f"{indent}{_short(value)}"]
    width = max((len(str(key)) for key in value), default=0)
    lines: list[str] = []
    for key, item in value.items():
        if _is_estimate(item):
            lines.append(f"{indent}{key:<{width}}  {_estimate(item)}")
        elif isinstance(item, dict) and item:
            lines += [f"{indent}{key}", *as_text(item, indent + "  ")]
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{indent}{key}")
            lines += [f"{indent}  " + "  ".join(_short(v) for v in row.values() if v not in ("", None)) for row in item]
        elif isinstance(item, list) and item and isinstance(item[0], list):
            lines += [f"{indent}{key}", *(f"{indent}  " + " ".join(f"{n:>6}" for n in row) for row in item)]
        else:
            lines.append(f"{indent}{key:<{width}}  {_short(item)}")
    return lines


def _is_estimate(item: Any) -> bool:
    return isinstance(item, dict) and {"value", "low", "high"} <= set(item) <= {"value", "low", "high", "unbounded"}


def _estimate(item: dict[str, Any]) -> str:
    """A figure and its interval. What is None is unbounded where the figure says so, else not known."""

    def number(name: str, unknown: str) -> str:
        if name in item.get("unbounded", ()):
            return "unbounded"
        return unknown if item[name] is None else f"{item[name]:.4f}"

    value, low, high = number("value", "not defined"), number("low", ""), number("high", "")
    if not low and not high:
        return value
    return f"{value}  (95 % {low or 'unknown'} to {high or 'unknown'})"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) if value else "none"
    return "none" if value is None else str(value)
