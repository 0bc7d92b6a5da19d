"""The command line: what each page does, without the page.

Exit status: 0 done; 1 the work failed; 2 the request was wrong. Figures go to standard output, progress to
standard error.
"""

import json
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from core.errors import ExplorerError, failure_line
from core.narration import Narrator
from core.parser import build_parser
from core.text import as_text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    behind = getattr(options, "behind", False)
    if behind:
        os.nice(10)  # the pages stay quick meanwhile
    told = Narrator(plain=behind)
    try:
        facts = options.command(options, told)
        told.close()
        print(json.dumps(facts, allow_nan=False) if options.json else "\n".join(as_text(facts)), flush=True)
    except ExplorerError as error:
        return _refused(told, failure_line(error), error.exit_status)
    except KeyboardInterrupt:
        return _refused(told, "stopped by the keyboard", 1)
    except OSError as error:
        _keep_traceback(told.log_path)
        where = f" {error.filename}" if error.filename else ""
        return _refused(told, f"the system refused{where}: {error.strerror or error}; look at its rights and space", 1)
    except Exception as error:
        _keep_traceback(told.log_path)
        first_line = (str(error).splitlines() or ["no words"])[0]
        return _refused(told, f"unexpected {type(error).__name__}: {first_line}; please report it", 1)
    return 0 if facts.get("status") not in ("failed",) else 1


def _refused(told: Narrator, line: str, status: int) -> int:
    told.close()
    if os.environ.get("CT_EXPLORER_DEBUG") == "1":
        traceback.print_exc()
    print(f"error: {line}", file=sys.stderr)
    return status


def _keep_traceback(log_path: Path | None) -> None:
    """What only a developer can use goes into the run's log."""
    if log_path is not None:
        with suppress(OSError), log_path.open("a", encoding="utf-8") as log:
            log.write(traceback.format_exc())
