"""The command that puts one case on a page."""

from pathlib import Path

from core.commands.datasets import Facts
from core.errors import RequestError
from core.runs import Run


def sheet(run: Run, scan: str, *, target: str | None, method: str, layer: str, out: Path) -> Facts:
    """One case as PDF or PNG, by the ending of `out`.

    Raises:
        RequestError: another ending, or no such scan, class or method.
    """
    from core.files import make_folder, write_whole
    from core.review.sheets.drawn import FORMATS, sheet_bytes
    from core.review.sheets.sheet import RESEARCH_ONLY, sheet_of

    kind = out.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise RequestError(f"expected --out to end in .pdf or .png, found {out.name!r}")
    made = sheet_of(run, scan, target=target, method=method, layer=layer)
    content = sheet_bytes(made, kind)
    make_folder(out.parent)
    write_whole(out, lambda path: path.write_bytes(content))
    return {"run": run.id, "out": str(out), **dict(made.facts), "notes": len(made.notes), "says": RESEARCH_ONLY}
