"""What a scan's file says of itself, and what the last audit found about it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.audit.findings import SEVERITIES, Finding
from core.audit.keeping import last_audit
from core.data.dataset import COLUMNS
from core.runs import Run

_MODES = {
    "1": "1 bit, black and white",
    "L": "8 bits, grey",
    "LA": "8 bits, grey and transparency",
    "P": "8 bits, a palette",
    "RGB": "3 x 8 bits, colour",
    "RGBA": "4 x 8 bits, colour and transparency",
    "I;16": "16 bits, grey",
    "I;16B": "16 bits, grey",
    "I": "32 bits, grey",
    "F": "32 bits, floating point",
}


def file_facts(row: Mapping[str, Any]) -> dict[str, str]:
    """Size, depth, format and what else the file says, by name and in words; no identity, for the index has none.

    Args:
        row: of a run's index; what an older one does not have is left out.
    """
    facts = {}
    if row.get("width") and row.get("height"):
        facts["Size"] = f"{int(row['width'])} x {int(row['height'])} px"
    if row.get("mode"):
        facts["Pixels"] = _MODES.get(str(row["mode"]), str(row["mode"]))
    if row.get("format"):
        facts["Format"] = str(row["format"])
    if row.get("bytes"):
        facts["File size"] = _bytes(int(row["bytes"]))
    for item in str(row.get("metadata") or "").split("; "):
        name, _, value = item.partition("=")
        if name:
            facts[f"Header: {name}"] = value or "yes"
    if row.get("remark"):
        facts["Remark"] = str(row["remark"])
    for name, value in row.items():
        if name not in COLUMNS and value == value and value not in (None, ""):  # NaN is none
            facts[str(name)] = f"{value:g}" if isinstance(value, float) else str(value)
    return facts


def findings_on(run: Run, path: str) -> tuple[Finding, ...] | None:
    """What the last audit of the run's dataset on this machine found about one scan, the gravest first.

    None where there was no audit. Findings about all scans, such as a shortcut, are not among them: they are said
    where figures stand (`core.cautions`).
    """
    audit = last_audit(Path(run.record.data))
    if audit is None:
        return None
    found = [finding for finding in audit.findings if path in finding.paths]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _bytes(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count < 2**20 else f"{count / 2**20:.1f} MiB"
