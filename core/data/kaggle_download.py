"""A process of its own that downloads one set from Kaggle, and says by its exit status alone how that went.

kagglehub prints, logs and keeps a cache as it likes, and its requests have no time limit: here it does so in a
process that can be ended, whose output goes nowhere, and whose cache lies in the folder that is thrown away.
Whatever account it finds, by its own rules, is used and neither kept nor shown.
"""

import errno
import os
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.request import getproxies

HOST = "api.kaggle.com"
CONNECT_SECONDS = 5.0

NO_NETWORK, NO_ACCOUNT, NOT_THERE, NO_SPACE, DAMAGED = 3, 4, 5, 6, 7
REASONS: Mapping[int, str] = {
    NO_NETWORK: f"no network reaches {HOST} from here",
    NO_ACCOUNT: "Kaggle wants an account for it, and none that it accepts is set up here",
    NOT_THERE: "Kaggle does not have it any more under its name",
    NO_SPACE: "the disk is full",
    DAMAGED: "what came was damaged on its way",
}
_NOT_ALLOWED = (401, 403)


def environment(folder: Path) -> dict[str, str]:
    """The process's environment: ours, with everything of kagglehub turned off that is not the download."""
    return {
        **os.environ,
        "KAGGLEHUB_VERBOSITY": "critical",
        "KAGGLEHUB_CACHE": str(folder.with_name("kaggle-cache")),
        "KAGGLE_LOGGING_ENABLED": "false",
        "DISABLE_KAGGLE_CACHE": "true",
        "DISABLE_COLAB_CACHE": "true",
    }


def main(handle: str, folder: Path) -> int:
    """Download `handle` into `folder`; gives the exit status."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if not _is_reachable():
        return NO_NETWORK
    try:
        import kagglehub

        kagglehub.dataset_download(handle, output_dir=str(folder))
    except Exception as error:  # broad on purpose: its text may name the account, so only its kind gets out
        return status_of(error)
    return 0


def status_of(error: Exception) -> int:
    """The exit status for what kagglehub or its requests raise."""
    from kagglehub import exceptions
    from requests import ConnectionError as NoConnectionError
    from requests import Timeout

    code = getattr(getattr(error, "response", None), "status_code", 0)
    if isinstance(error, exceptions.UnauthenticatedError | exceptions.CredentialError) or code in _NOT_ALLOWED:
        return NO_ACCOUNT
    if isinstance(error, exceptions.NotFoundError) or code == 404:
        return NOT_THERE
    if isinstance(error, exceptions.DataCorruptionError):
        return DAMAGED
    if isinstance(error, NoConnectionError | Timeout):
        return NO_NETWORK
    return NO_SPACE if isinstance(error, OSError) and error.errno == errno.ENOSPC else 1


def _is_reachable() -> bool:
    """Whether Kaggle answers at all; behind a proxy only a real request could tell."""
    if getproxies():
        return True
    try:
        socket.create_connection((HOST, 443), timeout=CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _end_with_parent() -> None:
    while os.read(0, 1024):  # not by `sys.stdin`, whose lock would stand in the way of an orderly end
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
