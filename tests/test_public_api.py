"""The public names: sorted, documented, and each there without loading what it does not need."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import posecore

ROOT = Path(__file__).resolve().parent.parent
HEAVY = (
    *("av", "cv2", "dtaidistance", "duckdb", "fastapi", "mediapipe", "pandas", "plotly", "pyarrow"),
    "scipy",
)


def loaded_after(statement):
    """Which heavy packages a fresh Python has loaded after a statement."""
    ask = f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    script = f"import json, sys\n{statement}\n{ask}"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


def test_the_names_are_sorted_and_there_is_no_other():
    assert posecore.__all__ == sorted(set(posecore.__all__))
    assert set(dir(posecore)) == {*posecore.__all__, "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        _ = posecore.utils


@pytest.mark.parametrize("name", posecore.__all__)
def test_each_name_can_be_imported_and_says_what_it_is(name):
    value = getattr(posecore, name)
    if inspect.isclass(value) or inspect.isroutine(value):
        assert len(inspect.getdoc(value)) > 20
        assert value.__module__.startswith("posecore.")


def test_each_method_of_a_public_class_says_what_it_does():
    for name in posecore.__all__:
        value = getattr(posecore, name)
        if inspect.isclass(value):
            for method, function in vars(value).items():
                if not method.startswith("_") and inspect.isroutine(function):
                    assert inspect.getdoc(function), f"{name}.{method}"


def test_a_star_import_gives_all_names():
    names = {}
    exec("from posecore import *", names)
    assert set(posecore.__all__) <= set(names)


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import posecore", set()),
        ("import posecore; dir(posecore); posecore.PoseSequence; posecore.Settings", set()),
        ("import posecore; posecore.compute_joint_angles; posecore.Session", set()),
        ("import posecore; posecore.compare; posecore.compute_repetition_profile", set()),
        ("import posecore; posecore.METRICS; posecore.compute_metrics", set()),
        ("import posecore; posecore.open_store", {"duckdb", "pyarrow"}),
        ("import posecore; posecore.connect; posecore.RemoteStore", {"pyarrow"}),
        ("import posecore.cli, posecore.doctor", set()),
    ],
)
def test_what_is_not_needed_is_not_loaded(statement, loaded):
    assert loaded_after(statement) <= loaded
