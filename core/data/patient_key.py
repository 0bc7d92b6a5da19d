"""Patients told apart without being known: an id becomes a keyed hash, and the key stays in the dataset's folder."""

import hmac
import secrets
import threading
from pathlib import Path

from filelock import FileLock

from core.data.folders import OWN_FOLDER, own_folder
from core.errors import WorkError
from core.files import write_whole

KEY_FILE = "patient.key"
_BYTES = 32
_SHOWN_DIGITS = 16


class PatientKey:
    """Hashes of one dataset's patient ids (HMAC-SHA256). The key is made when the first id comes, never before.

    Without the key nobody can tell who a hash is, not even by trying all ids; another dataset has another key, so the
    same patient has another hash there.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._key, self._lock, self._tried = root, b"", threading.Lock(), False

    def hashed(self, patient_id: str, issuer: str = "") -> str:
        """16 hex digits for a patient's id; empty where there is no id, or where no key can be kept."""
        if not patient_id.strip():
            return ""
        with self._lock:
            if not self._tried:
                self._key, self._tried = _kept_key(self._root), True
        if not self._key:
            return ""
        known_as = f"{issuer.strip()}\0{patient_id.strip()}".encode()
        return hmac.digest(self._key, known_as, "sha256").hex()[:_SHOWN_DIGITS]


def key_mark(root: Path) -> str:
    """A few digits that change with the dataset's key, and do not tell it; empty while there is none."""
    try:
        key = (root / OWN_FOLDER / KEY_FILE).read_bytes()
    except OSError:
        return ""
    return hmac.digest(key, b"mark", "sha256").hex()[:_SHOWN_DIGITS]


def _kept_key(root: Path) -> bytes:
    """The dataset's key, made if it is not there; empty where the folder cannot be written."""
    path = root / OWN_FOLDER / KEY_FILE
    try:
        with FileLock(own_folder(root) / f"{KEY_FILE}.lock", timeout=10):
            if not path.is_file() or path.stat().st_size != _BYTES:
                write_whole(path, lambda temporary: temporary.write_bytes(secrets.token_bytes(_BYTES)))
                path.chmod(0o600)
            return path.read_bytes()
    except (OSError, WorkError):
        return b""
