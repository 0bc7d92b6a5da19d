"""A process that decodes what it is sent, and may do nothing else: `python -m core.data.decoding.worker`.

It reads jobs from standard input and writes arrays to standard output, each as `HEAD`, JSON and bytes
(`core.data.decoding.apart`). Jobs of kind `image` are whole image files of a `format`, which come back grey; those of
kind `dicom` are compressed frames, with what `core.data.decoding.frame` wants to know. A job that fails is answered
with empty JSON.
"""

import json
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from core.data.decoding.apart import HEAD
from core.data.decoding.frame import decoded_frame
from core.data.pillow_images import decoded_here

try:
    import resource
except ImportError:  # Windows: the parent's own limit is all there is
    resource = None  # type: ignore[assignment]

_MAX_MEMORY_GIB = 4
_IDLE_SECONDS = 60
_OWN_FILES = 5  # the three of every process, and the two for jobs and answers
_LEAST_CPU_SECONDS = 1.0
_MEGAPIXELS_PER_CPU_SECOND = 2


def main() -> None:
    """Answer jobs until standard input ends."""
    # Native libraries print what they please: answers go where they cannot write.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    jobs = os.fdopen(os.dup(0), "rb")
    warnings.simplefilter("ignore")
    Image.init()  # every plugin is imported while files can still be opened
    _confine()
    while True:
        _sleep_at_most(_IDLE_SECONDS)
        head = jobs.read(HEAD.size)
        if len(head) < HEAD.size:
            return
        _sleep_at_most(0)
        words, content = (jobs.read(size) for size in HEAD.unpack(head))
        facts, pixels = _answer(json.loads(words), content)
        said = json.dumps(facts).encode()
        answers.write(HEAD.pack(len(said), len(pixels)) + said)
        answers.write(pixels)
        answers.flush()


def _answer(job: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    _allow_cpu_seconds(_LEAST_CPU_SECONDS + job["megapixels"] / _MEGAPIXELS_PER_CPU_SECOND)
    try:
        pixels: NDArray[Any] = (
            decoded_here(content, job["format"]) if job["kind"] == "image" else decoded_frame(content, job)
        )
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        # Of DICOM nothing is told: its library quotes what it read.
        return {"error": " ".join(str(error).split())[:150] if job["kind"] == "image" else ""}, b""
    return {"shape": pixels.shape, "dtype": pixels.dtype.str}, pixels.tobytes()


def _confine() -> None:
    """No more memory than that, no file opened or written, no core dump."""
    if resource is None:
        return
    gib = 2**30
    for kind, limit in (
        (resource.RLIMIT_AS, _MAX_MEMORY_GIB * gib),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OWN_FILES),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))


def _allow_cpu_seconds(seconds: float) -> None:
    """The system ends this process once it has worked that long on a job."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _sleep_at_most(seconds: int) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
    sys.exit(0)
