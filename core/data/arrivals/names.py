"""Names from outside: which may become files here, and which of them would meet in one file."""

import re
import unicodedata

from core.errors import DatasetError

MAX_NAME_BYTES = 200  # file systems stop at 255; temporary names need the rest
MAX_PATH_BYTES = 800
MAX_DEPTH = 12
MAX_DATASET_NAME = 60

_RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
# Control characters, half a surrogate pair, line separators.
_UNSEEN_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
_TURNING = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # make a name read as another
_NOT_IN_A_FOLDER_NAME = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]+')


def safe_path(name: str) -> str:
    """A file's path as its sender names it, once it is sure that it stays inside and can be written anywhere.

    Raises:
        DatasetError: absolute, with "..", a backslash, a colon, characters nobody sees, a name that some system
            keeps for itself, too long or too deep.
    """
    reason = _unsafe(name)
    if reason:
        raise DatasetError(f"refused: the name '{shown(name)}' {reason}; rename it and try again")
    return "/".join(part for part in name.split("/") if part != ".")


def meeting_key(path: str) -> str:
    """The same for names that are one file on some system: by case, by Unicode form, by dots and blanks at the end."""
    parts = (unicodedata.normalize("NFKC", part).casefold() for part in path.split("/"))
    return "/".join(unicodedata.normalize("NFKC", part).rstrip(" .") for part in parts)


def clean_folder_name(typed: str, *, what: str) -> str:
    """A name for a folder, from what somebody typed: what cannot stand in one becomes "-".

    Args:
        typed: as typed.
        what: what is named, for the error: "the dataset".

    Raises:
        DatasetError: nothing is left of it, or it is reserved.
    """
    text = unicodedata.normalize("NFC", typed)
    text = "".join("-" if _is_unseen(letter) else letter for letter in text)
    text = " ".join(_NOT_IN_A_FOLDER_NAME.sub("-", text).split())[:MAX_DATASET_NAME].strip(" .")
    while len(text.encode()) > MAX_NAME_BYTES:
        text = text[:-1]
    if not text.strip("-_ .") or _is_reserved(text):
        raise DatasetError(f"expected a name for {what}, found '{shown(typed)}'; use letters and digits")
    return text


def shown(name: str) -> str:
    """A name from outside as it may stand in a message: short, one line, nothing unseen in it."""
    seen = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return seen if len(seen) <= 80 else f"{seen[:38]}...{seen[-38:]}"


def _unsafe(name: str) -> str:
    """Why a path is refused, else empty."""
    if any(_is_unseen(letter) for letter in name):
        return "holds control characters"
    if "\\" in name:
        return "holds a backslash: in an archive, folders are separated by '/'"
    if ":" in name:
        return "holds a colon, as a drive letter does"
    if name.startswith("/"):
        return "is absolute"
    parts = name.rstrip("/").split("/")
    if ".." in parts:
        return "leads out of the dataset's folder"
    if not name.strip(" ."):
        return "is empty"
    if any(not part.strip(" .") for part in parts if part != "."):
        return "has a part without letters"
    if any(_is_reserved(part) for part in parts):
        return "is reserved on some systems"
    if any(len(part.encode()) > MAX_NAME_BYTES for part in parts) or len(name.encode()) > MAX_PATH_BYTES:
        return f"is too long: at most {MAX_NAME_BYTES} bytes a name and {MAX_PATH_BYTES} a path"
    return f"is too deep: at most {MAX_DEPTH} folders" if len(parts) > MAX_DEPTH else ""


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in _UNSEEN_CATEGORIES or letter in _TURNING


def _is_reserved(part: str) -> bool:
    return part.split(".")[0].strip().lower() in _RESERVED
