"""What a DICOM header says of its image that is neither anatomy nor identity: numbers and codes of a named list."""

from core.data.dicom.grey import has_hounsfield_units
from core.data.dicom.header import Header

_MODALITIES = ("CT", "CR", "DX", "MR", "OT", "PT", "RF", "XA", "SC", "US", "NM", "MG")


def mode(header: Header) -> str:
    """As "MONOCHROME2 12-bit signed" or "RGB 8-bit"."""
    sign = (" signed" if header.signed else " unsigned") if header.is_grey else ""
    return f"{header.photometric} {header.bits_stored}-bit{sign}"


def header_items(header: Header) -> dict[str, str]:
    """Facts by name; only numbers in a plausible range and words of the standard, never a text of the file."""
    attributes = header.attributes
    items = {
        "bits": str(header.bits_stored),
        "bits-allocated": str(header.bits_allocated),
        "transfer": "Deflated" if header.start.deflated else _short(header.start.syntax.name),
        "hu": "yes" if has_hounsfield_units(header) else "no",
    }
    if header.frames > 1:
        items["frames"] = str(header.frames)
    modality = str(attributes.get("Modality", "")).strip()
    if modality in _MODALITIES:
        items["modality"] = modality
    spacing = attributes.get("PixelSpacing")
    first = spacing[0] if spacing is not None and not isinstance(spacing, str) and len(spacing) else None
    for name, value, most in (
        ("kvp", attributes.get("KVP"), 500.0),
        ("slice-mm", attributes.get("SliceThickness"), 100.0),
        ("pixel-mm", first, 20.0),
    ):
        number = _number(value)
        if number is not None and 0 < number <= most:
            items[name] = f"{number:.3g}"
    return items


def _number(value: object) -> float | None:
    try:
        return float(str(value)) if value is not None else None
    except ValueError:
        return None


def _short(syntax: str) -> str:
    """The standard's name for a transfer syntax without what is in brackets."""
    return syntax.split(" (")[0].split(":")[0].replace(",", "")
