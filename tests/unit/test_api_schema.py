"""An attacker reads the OpenAPI page and tries what it allows, and what it does not."""

import json
import subprocess
import sys

import httpx
import numpy as np

from posecore import PoseSequence
from posecore.api.limits import ApiLimits
from posecore.frame_arrow import LIST_SIZES
from posecore.goals import Goal, SessionGoal
from posecore.synthetic import make_squats
from tests.unit.api_server import make_context, run_api
from tests.unit.test_api_sessions import NO_ID

ATTACK = (
    "--checks=all",
    # What a schema cannot say (an end after its start, the text of a condition) is refused with a
    # sentence; and nobody has to sign in here.
    "--exclude-checks=positive_data_acceptance,ignored_auth",
    "--phases=examples,coverage,fuzzing",
    "--max-examples=5",
    "--seed=7",
    "--generation-deterministic",
    "--no-shrink",
    "--continue-on-failure",
    "--suppress-health-check=all",
    "--warnings=off",
    "--no-color",
)


def describe(url, *, kept, gone, note):
    """The OpenAPI page, with ids that are there in place of any text."""
    description = httpx.get(f"{url}/api/openapi.json", trust_env=False).json()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            ends = method == "delete" or path.endswith("finish")
            ids = {"note_id": [note, NO_ID]} | dict.fromkeys(
                ("session_id", "a", "b"), [gone, NO_ID] if ends else [*kept, NO_ID]
            )
            for parameter in operation.get("parameters", []):
                if parameter["name"] in ids:
                    parameter["schema"] = {"type": "string", "enum": ids[parameter["name"]]}
    return description


def test_no_request_breaks_it_and_every_answer_is_as_described(store, settings, tmp_path):
    kept = [store.create_session(name=f"Squats {n}", source="stream") for n in range(2)]
    for session_id in kept:
        store.append_frames(session_id, make_squats(duration_s=3.0))
    store.finish_session(kept[0])
    gone = store.create_session(name="Gone", source="stream")
    note = store.notes.add(kept[0], start_s=1.0, text="Here").id
    deep = Goal(angle="left_knee_flexion", kind="at_least", low_deg=80)
    for session_id in kept:
        store.goals.set(session_id, [SessionGoal(goal=deep)])
    limits = ApiLimits(writes="1000000/minute", computations="1000000/minute")
    with make_context(store, settings) as context, run_api(context, limits) as url:
        page = tmp_path / "openapi.json"
        description = describe(url, kept=kept, gone=gone, note=note)
        page.write_text(json.dumps(description))
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(page), f"--url={url}/api"]
        done = subprocess.run(
            [*command, *ATTACK], cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    n_operations = sum(len(each) for each in description["paths"].values())
    assert n_operations > 20 and f"{n_operations}" in done.stdout
    # Whatever got in keeps the contract.
    for session in store.get_sessions():
        sequence = store.load_sequence(session.id)
        assert isinstance(sequence, PoseSequence)
        assert len(sequence) == session.frame_count
        for name in LIST_SIZES:
            assert not np.isinf(getattr(sequence, name)).any()
