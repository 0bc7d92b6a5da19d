"""The model hub: can it be reached from here?"""

import socket
from urllib.request import getproxies

HUB_HOST = "huggingface.co"


def hub_is_reachable(timeout_seconds: float = 1.5) -> bool:
    """Whether a connection to the model hub can be opened. Sends nothing over it.

    Behind a proxy only a real request could tell, so a configured proxy counts as reachable.
    """
    if getproxies():
        return True
    try:
        socket.create_connection((HUB_HOST, 443), timeout=timeout_seconds).close()
    except OSError:
        return False
    return True
