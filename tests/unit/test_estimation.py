"""The pose estimator, in this process and in one of its own."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from posecore import estimation
from posecore.errors import EstimatorError, ModelUnavailableError, VideoReadError
from posecore.estimation import IsolatedPoseEstimator, MediaPipePoseEstimator, open_estimator
from posecore.models import find_model
from posecore.video import open_video
from posecore.worker import Worker

ROOT = Path(__file__).resolve().parents[2]
ARRAYS = ("image_landmarks", "world_landmarks", "visibility", "presence")
NOBODY = np.zeros((120, 160, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def pictures(test_video):
    """The first second and a half of the real video, as (time_s, frame_rgb)."""
    with open_video(test_video).read_frames(end_s=1.5) as frames:
        return list(frames)


@pytest.fixture
def estimator(settings):
    """An estimator in a process of its own."""
    with open_estimator(settings) as estimator:
        yield estimator


def test_a_person_is_found_as_the_contract_says(estimator, pictures):
    poses = [estimator.estimate(picture, time_s) for time_s, picture in pictures]
    assert [pose.time_s for pose in poses] == [time_s for time_s, _ in pictures]
    seen = poses[-1]
    assert seen.is_detected
    assert {name: getattr(seen, name).shape for name in ARRAYS} == {
        "image_landmarks": (33, 3),
        "world_landmarks": (33, 3),
        "visibility": (33,),
        "presence": (33,),
    }
    assert {getattr(seen, name).dtype for name in ARRAYS} == {np.dtype(np.float32)}
    hips = seen.world_landmarks[[23, 24]].mean(axis=0)
    assert np.abs(hips).max() < 0.05
    assert ((seen.visibility >= 0) & (seen.visibility <= 1)).all()


def test_both_estimators_say_the_same(settings, estimator, pictures):
    with MediaPipePoseEstimator(find_model("full", settings)) as here:
        for time_s, picture in pictures:
            a, b = here.estimate(picture, time_s), estimator.estimate(picture, time_s)
            for name in ARRAYS:
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_nobody_in_the_picture_is_nan(estimator):
    pose = estimator.estimate(NOBODY, 0.0)
    assert not pose.is_detected
    assert all(np.isnan(getattr(pose, name)).all() for name in ARRAYS)


def test_pictures_may_have_gaps_between_rows(settings, estimator, pictures):
    with open_estimator(settings) as other:
        for time_s, picture in pictures:
            wide = np.pad(picture, ((0, 0), (0, 7), (0, 0)), constant_values=255)
            view = wide[:, :-7]
            assert not view.flags.c_contiguous
            a, b = estimator.estimate(picture, time_s), other.estimate(view, time_s)
            np.testing.assert_array_equal(a.image_landmarks, b.image_landmarks)
    assert a.is_detected


def test_pictures_may_change_size(estimator, pictures):
    for time_s, picture in pictures:
        estimator.estimate(picture, time_s)
    smaller = np.ascontiguousarray(picture[::2, ::2])
    assert estimator.estimate(smaller, time_s + 0.03).is_detected


def test_equal_times_are_accepted_and_earlier_ones_refused(estimator):
    for time_s in (1.0, 1.0, 1.0002, 1.0004):
        assert estimator.estimate(NOBODY, time_s).time_s == time_s
    with pytest.raises(EstimatorError, match="in order of time"):
        estimator.estimate(NOBODY, 0.5)
    with pytest.raises(EstimatorError, match="in order of time"):
        estimator.estimate(NOBODY, float("nan"))
    assert estimator.estimate(NOBODY, 2.0).time_s == 2.0


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((10, 10), dtype=np.uint8),
        np.zeros((10, 10, 4), dtype=np.uint8),
        np.zeros((0, 10, 3), dtype=np.uint8),
        np.zeros((10, 10, 3), dtype=np.float32),
    ],
)
def test_what_is_no_picture_is_refused(estimator, picture):
    with pytest.raises(EstimatorError, match="must be uint8 of shape"):
        estimator.estimate(picture, 0.0)


def test_a_closed_estimator_says_so(settings):
    estimator = open_estimator(settings)
    estimator.close()
    estimator.close()
    assert estimator.pid is None
    with pytest.raises(EstimatorError, match="closed"):
        estimator.estimate(NOBODY, 0.0)


def test_a_model_that_is_not_here_is_a_sentence(settings):
    with pytest.raises(ModelUnavailableError):
        open_estimator(settings, model="heavy")


def test_a_broken_model_is_a_sentence_and_leaves_no_process(tmp_path):
    path = tmp_path / "pose.task"
    path.write_bytes(b"no model")
    before = set(psutil.Process().children())
    with pytest.raises(EstimatorError, match="could not start"):
        IsolatedPoseEstimator(path)
    assert set(psutil.Process().children()) <= before


def test_after_a_crash_the_next_picture_starts_it_again_once(estimator):
    os.kill(estimator.pid, signal.SIGSEGV)
    with pytest.raises(EstimatorError, match=r"stopped unexpectedly \(exit code -11\)"):
        estimator.estimate(NOBODY, 0.0)
    assert not estimator.estimate(NOBODY, 0.1).is_detected
    os.kill(estimator.pid, signal.SIGKILL)
    for match in ("stopped unexpectedly", "again and again", "again and again"):
        with pytest.raises(EstimatorError, match=match):
            estimator.estimate(NOBODY, 0.2)


def test_one_that_worked_well_for_a_while_is_started_again(estimator, monkeypatch):
    monkeypatch.setattr(estimation, "_RECOVERED", 2)
    for number in range(3):
        os.kill(estimator.pid, signal.SIGKILL)
        with pytest.raises(EstimatorError, match="stopped unexpectedly"):
            estimator.estimate(NOBODY, number)
        for later in (0.1, 0.2):
            assert not estimator.estimate(NOBODY, number + later).is_detected


def test_several_threads_may_ask_it(estimator):
    clock = itertools.count()
    lock = threading.Lock()
    poses = []

    def ask():
        for _ in range(10):
            with lock:  # of the clock, so that times rise
                poses.append(estimator.estimate(NOBODY, float(next(clock))))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [pose.time_s for pose in poses] == list(range(30))


def test_ctrl_c_in_the_terminal_does_not_end_it(estimator):
    os.kill(estimator.pid, signal.SIGINT)
    assert not estimator.estimate(NOBODY, 0.0).is_detected


def test_it_ends_when_its_parent_is_killed():
    # No main guard on purpose: a script like this must work, too.
    script = (
        "import sys, numpy as np\n"
        "from posecore import Settings\n"
        "from posecore.estimation import open_estimator\n"
        "estimator = open_estimator(Settings.from_env())\n"
        "estimator.estimate(np.zeros((120, 160, 3), np.uint8), 0.0)\n"
        "print(estimator.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    _, alive = psutil.wait_procs([child], timeout=30)
    assert alive == []


def test_a_workers_error_for_people_reaches_them():
    target = "tests.unit.worker_targets:refuse"
    with (
        Worker(target, block_network=False) as worker,
        pytest.raises(VideoReadError, match="upside down"),
    ):
        worker.receive()


def test_a_workers_last_words_are_told_without_the_chatter():
    target = "tests.unit.worker_targets:stumble"
    with Worker(target, block_network=False) as worker:
        with pytest.raises(EstimatorError, match=r"exit code 1: RuntimeError: the reason\)"):
            worker.receive()
        assert not worker.is_alive


def test_a_worker_hears_and_answers():
    with Worker("tests.unit.worker_targets:echo", block_network=True) as worker:
        for message in ("a", [1.5, None], b"x" * 1_000_000):
            worker.send(message)
            assert worker.receive() == message
