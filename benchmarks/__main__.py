"""`python -m benchmarks [NAME ...]`: each figure as a ratio to a limit measured in the same run."""

import argparse
import importlib
import os
import sys

from benchmarks.measured import HEADER

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line trains

NAMES = (
    *("training", "training_memory", "maps", "indexing", "pixel_store", "near_duplicates"),
    *("rerun", "first_paint", "threshold_drag", "many_scans_page", "review_paging", "statistics", "worklist"),
    *("look_alikes", "label_doubt"),
)


def main() -> int:
    """Run the named benchmarks, all unless named; exit status 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(NAMES)} (all)")
    names = parser.parse_args().names or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"expected names among {', '.join(NAMES)}, found {unknown[0]!r}")
    print(HEADER, flush=True)
    kept = True
    for name in names:
        for measured in importlib.import_module(f"benchmarks.{name}").run():
            print(measured.line(), flush=True)
            kept = kept and measured.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
