"""Commands about long analyses of a run, and whether single maps of it are faithful."""

import os
from collections.abc import Callable, Mapping

from core.commands.datasets import Facts
from core.errors import RequestError
from core.runs import Run


def analyse(
    run: Run, kind: str, *, settings: list[str], again: bool, stop: bool, told: Callable[[str, float, str], None]
) -> Facts:
    """Carry out an analysis in this process; or ask the process that does to stop."""
    from core.analyses import job
    from core.analyses.kinds import KINDS
    from core.analyses.working import carry_out

    options: Mapping[str, str] = asked_options(settings)
    if kind in KINDS:
        options = KINDS[kind].asked(run, options)
    if stop:
        job.stop(run, kind, options)
        found = job.state_of(run, kind, options)
    else:
        # Read when torch is loaded, which is later: the pages and a training need the other cores.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        title = KINDS[kind].title if kind in KINDS else kind
        found = carry_out(
            run, kind, options, again=again, told=lambda done, of: told(title, done / max(of, 1), f"{done} of {of}")
        )
    return {
        "run": run.id,
        "kind": kind,
        "options": dict(found.options),
        "status": found.status,
        "asked": stop,
        "folder": str(found.folder),
    }


def asked_options(settings: list[str]) -> dict[str, str]:
    """`key=value` texts as options.

    Raises:
        RequestError: one of them is none.
    """
    options = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise RequestError(f"expected --set KEY=VALUE, found {text!r}; for instance --set per_cell=10")
        options[name.strip()] = value  # as it is: a path may end in a space
    return options


def faithful(
    run: Run,
    scans: list[str],
    *,
    method: str,
    layer: str,
    target: str | None,
    told: Callable[[str, float, str], None],
) -> Facts:
    """Whether the maps of some scans are to be believed: one word each, with the numbers behind it."""
    from core.commands.figures import scan_path
    from core.data.images import read_scan, resize_scan
    from core.explanation.faithfulness.measured import measure
    from core.models.weights import load_run_model

    model = load_run_model(run)
    rows = []
    for name in scans:
        square = resize_scan(read_scan(scan_path(run, name), window=model.window), model.image_size)
        found = measure(
            model,
            square,
            target=target,
            method=method,
            layer=layer,
            progress=lambda done, of, name=name: told(f"perturbing {name}", done / of, ""),  # type: ignore[misc]
        )
        rows.append({"scan": name, **found.to_json()})
    return {"run": run.id, "maps": rows}


def for_people(facts: Facts) -> Facts:
    """The same with its nested figures flat, for lines of text."""
    return {
        "run": facts["run"],
        "maps": [
            {
                "scan": row["scan"],
                "word": row["word"],
                "says": row["says"],
                "measures": ", ".join(
                    f"{name} {one['value']:.2f} (random {one['random']:.2f})" for name, one in row["measures"].items()
                ),
                "agreement": ", ".join(
                    f"{name} {row[name]:.2f}" for name in ("flip", "shift", "untrained") if row[name] is not None
                ),
            }
            for row in facts["maps"]
        ],
    }
