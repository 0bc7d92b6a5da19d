import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_trainings import TINY

from core.decided import point_in_force, save_point
from core.demo import demo
from core.evaluation.decision.operating_point import fixed_point
from core.results import split_results
from core.runs import Run, create_run, read_run
from core.training.jobs import progress_of

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def say_nothing(*_told: object) -> None:
    pass


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small demo that went the whole way. Not to be changed."""
    folder = tmp_path_factory.mktemp("demo")
    config = dict(TINY) | {"epochs": 2, "batch_size": 4, "seed": 0}
    run = create_run(
        folder / "runs", config=config, data=folder / "p", preset="demo", phantoms={"count": 60, "seed": 0}
    )
    facts = demo(run, told=say_nothing)
    assert facts["status"] == "finished"
    assert facts["rule"] == "max_fnr=0.05"
    assert facts["torn_groups"] == 0
    return read_run(run.folder)


@pytest.fixture
def own_demo(shown: Run, tmp_path: Path) -> Run:
    """A copy of the demo."""
    return read_run(shutil.copytree(shown.folder, tmp_path / shown.id))


def test_a_demo_killed_after_its_training_goes_on_with_threshold_and_maps(own_demo, shown):
    (own_demo.folder / "operating_point.json").unlink()
    shutil.rmtree(own_demo.folder / "maps")
    weights = own_demo.weights_path.stat().st_mtime_ns
    facts = demo(own_demo, told=say_nothing)
    assert own_demo.weights_path.stat().st_mtime_ns == weights
    assert replace(point_in_force(own_demo), chosen_at="") == replace(point_in_force(shown), chosen_at="")
    assert facts["maps"]
    assert all(Path(row["picture"]).is_file() for row in facts["maps"])


def test_a_threshold_saved_since_is_kept(own_demo):
    chosen = fixed_point(split_results(own_demo, "val").scored, 0.3)
    saved = save_point(own_demo, chosen)
    assert demo(own_demo, told=say_nothing)["threshold"] == 0.3
    assert point_in_force(own_demo) == saved


def test_the_threshold_is_saved_before_the_maps_which_are_told_as_a_phase(own_demo):
    (own_demo.folder / "operating_point.json").unlink()
    seen = []
    with pytest.MonkeyPatch.context() as patch:

        def explain(run: Run, *_arguments: object, **_options: object) -> dict[str, list[object]]:
            seen.append((progress_of(run)["phase"], point_in_force(run).rule))
            return {"maps": []}

        patch.setattr("core.demo.explain", explain)
        demo(own_demo, told=say_nothing)
    assert seen == [("drawing maps", "max_fnr=0.05")]
    assert progress_of(own_demo)["phase"] == "finished"
