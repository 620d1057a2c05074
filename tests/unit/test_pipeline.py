"""The live path: bounded, drop-oldest, and every frame stored or counted."""

import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest

from posecore import PoseFrame, SessionStore
from posecore.capture.canvas import Canvas
from posecore.capture.live_part import LiveMoment, LivePart
from posecore.capture.pipeline import CAPACITY, SILENCE_FAILED, LivePipeline
from posecore.capture.recorder import SessionRecorder
from posecore.errors import EstimatorError, ModelUnavailableError
from tests.unit.test_recorder import make_frame

PICTURE = np.full((36, 64, 3), 120, dtype=np.uint8)
WAIT_S = 10


class HandCrankedEstimator:
    """Analyses a frame when the test says so: the slow computer, without waiting."""

    def __init__(self) -> None:
        self.seen_s: list[float] = []
        self.is_closed = False
        self.entered = threading.Semaphore(0)
        self.may_go = threading.Semaphore(0)

    def estimate(self, frame_rgb: np.ndarray, time_s: float) -> PoseFrame:
        self.seen_s.append(time_s)
        self.entered.release()
        assert self.may_go.acquire(timeout=WAIT_S)
        if not frame_rgb.any():
            raise EstimatorError("The pose model refused this frame; try again.")
        return make_frame(time_s)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def estimator() -> HandCrankedEstimator:
    return HandCrankedEstimator()


@pytest.fixture
def recorder(store: SessionStore) -> SessionRecorder:
    return SessionRecorder(store)


@pytest.fixture
def pipeline(estimator, recorder):
    pipeline = LivePipeline(lambda: estimator, recorder)
    # What comes while the model loads is stale, so the first frame is sent until it is taken.
    while not estimator.entered.acquire(timeout=0.05):
        pipeline.submit(0.0, lambda: PICTURE)
    estimator.may_go.release(10_000)
    pipeline.submit(0.5, PICTURE.copy).result(WAIT_S)
    yield pipeline
    pipeline.close()


def hold(estimator: HandCrankedEstimator) -> None:
    """Make the estimator wait from its next frame on."""
    while estimator.may_go.acquire(blocking=False):
        pass


def test_a_frame_comes_back_as_a_picture_with_the_skeleton_on_it(pipeline):
    picture = pipeline.submit(1.0, PICTURE.copy).result(WAIT_S)
    assert picture.shape == PICTURE.shape
    assert (picture != PICTURE).any()
    assert pipeline.latest.time_s == 1.0
    assert pipeline.image_size == (64, 36), "as it came, whatever was asked for"
    pipeline.close()
    assert pipeline.image_size is None


def test_when_it_falls_behind_the_oldest_waiting_frame_is_dropped_and_counted(
    pipeline, estimator, recorder
):
    recorder.start(name="Wall")
    pipeline.submit(1.0, PICTURE.copy).result(WAIT_S)
    hold(estimator)
    busy = pipeline.submit(2.0, PICTURE.copy)
    while 2.0 not in estimator.seen_s:
        assert estimator.entered.acquire(timeout=WAIT_S)
    waiting = [pipeline.submit(3.0 + number, PICTURE.copy) for number in range(CAPACITY + 3)]
    assert [future.done() for future in waiting] == [True] * 3 + [False] * CAPACITY
    assert all(future.result() is None for future in waiting[:-CAPACITY])
    estimator.may_go.release(10_000)
    assert busy.result(WAIT_S) is not None
    assert waiting[-1].result(WAIT_S) is not None
    session = recorder.stop()
    assert session.frame_count == 2 + CAPACITY
    assert session.dropped_count == 3
    assert estimator.seen_s[-CAPACITY:] == [6.0 + number for number in range(CAPACITY)]
    assert 0 < pipeline.skipped_share < 1


def test_a_refused_frame_is_counted_and_the_next_one_goes_on(pipeline, recorder, store):
    recorder.start(name="Wall")
    pipeline.submit(1.0, PICTURE.copy).result(WAIT_S)
    assert pipeline.submit(1.5, lambda: np.zeros_like(PICTURE)).result(WAIT_S) is None
    assert "refused" in pipeline.problem
    assert pipeline.submit(2.0, PICTURE.copy).result(WAIT_S) is not None
    assert pipeline.problem == ""
    session = recorder.stop()
    assert (session.frame_count, session.dropped_count) == (2, 1)


def test_closing_ends_the_estimator_and_lets_waiting_frames_go(pipeline, estimator):
    hold(estimator)
    pipeline.submit(1.0, PICTURE.copy)
    while 1.0 not in estimator.seen_s:
        assert estimator.entered.acquire(timeout=WAIT_S)
    left = pipeline.submit(2.0, PICTURE.copy)
    estimator.may_go.release(10_000)
    pipeline.close()
    assert estimator.is_closed
    assert left.done()
    assert not pipeline.is_open


def test_without_a_model_it_says_so_and_answers_every_frame(recorder):
    def open_estimator():
        raise ModelUnavailableError("The heavy model is not on this computer; download it.")

    pipeline = LivePipeline(open_estimator, recorder)
    assert pipeline.submit(0.0, PICTURE.copy).result(WAIT_S) is None
    assert pipeline.submit(1.0, PICTURE.copy).result(WAIT_S) is None
    assert "download" in pipeline.problem
    pipeline.close()


def test_the_mirror_turns_the_picture_and_never_the_data(pipeline, recorder, store):
    gradient = np.broadcast_to(
        np.linspace(60, 255, 64, dtype=np.uint8)[None, :, None], PICTURE.shape
    ).copy()
    recorder.start(name="Wall")
    plain = pipeline.submit(1.0, gradient.copy).result(WAIT_S)
    pipeline.mirror = True
    mirrored = pipeline.submit(2.0, gradient.copy).result(WAIT_S)
    sequence = store.load_sequence(recorder.stop().id)
    near_the_left_edge = (8, 8, 0)
    assert plain[near_the_left_edge] < mirrored[near_the_left_edge]
    np.testing.assert_array_equal(sequence.image_landmarks[0], sequence.image_landmarks[1])
    np.testing.assert_array_equal(sequence.world_landmarks[0], sequence.world_landmarks[1])


def test_an_error_that_nobody_foresaw_costs_one_frame_and_not_the_stream(pipeline):
    def broken_picture():
        raise ValueError("no picture")

    assert pipeline.submit(1.0, broken_picture).result(WAIT_S) is None
    assert "could not be analysed" in pipeline.problem
    assert pipeline.submit(2.0, PICTURE.copy).result(WAIT_S) is not None
    assert pipeline.problem == ""


def test_closing_under_a_running_camera_ends_every_thread(recorder):
    """A frame that comes while it closes starts anew, unless it is closed for good."""
    opened: list[HandCrankedEstimator] = []

    def open_estimator() -> HandCrankedEstimator:
        opened.append(HandCrankedEstimator())
        opened[-1].may_go.release(10_000)
        return opened[-1]

    pipeline = LivePipeline(open_estimator, recorder)
    is_over = threading.Event()

    def feed() -> None:
        for number in itertools.count():
            if is_over.is_set():
                return
            pipeline.submit(number / 30, PICTURE.copy)

    feeder = threading.Thread(target=feed)
    feeder.start()
    for _ in range(20):
        pipeline.close()
    pipeline.close(for_good=True)
    is_over.set()
    feeder.join(WAIT_S)
    assert not feeder.is_alive()
    assert pipeline.submit(1e6, PICTURE.copy).result(WAIT_S) is None
    assert not pipeline.is_open
    assert all(estimator.is_closed for estimator in opened)


def test_what_is_shown_is_calmed_and_what_is_recorded_is_not(pipeline, recorder, store, estimator):
    def shift(frame):
        moved = frame.world_landmarks + np.float32(0.2 * frame.time_s)
        return replace(frame, world_landmarks=moved)

    estimator.estimate = lambda _, time_s: shift(make_frame(time_s))
    recorder.start(name="Wall")
    for number in range(20):
        pipeline.submit(1.0 + 0.1 * number, PICTURE.copy).result(WAIT_S)
    recorded = store.load_sequence(recorder.stop().id).world_landmarks[-1]
    lag_m = recorded - pipeline.latest.world_landmarks
    np.testing.assert_allclose(recorded, shift(make_frame(2.9)).world_landmarks, atol=1e-5)
    assert lag_m.min() > 0 and lag_m.max() < 0.05, "it follows, a little behind"


def test_each_analysed_pose_is_published_with_a_number_that_rises(estimator, recorder):
    published = []
    pipeline = LivePipeline(
        lambda: estimator, recorder, publish=lambda *pose: published.append(pose)
    )
    estimator.may_go.release(10_000)
    while pipeline.n_analysed < 5:
        pipeline.submit(float(pipeline.n_analysed), PICTURE.copy).result(WAIT_S)
    pipeline.close()
    numbers = [number for _, number, _ in published]
    assert len(published) == 5 and numbers == sorted(set(numbers))
    assert {size for _, _, size in published} == {(64, 36)}
    assert [frame.time_s for frame, _, _ in published] == [0.0, 1.0, 2.0, 3.0, 4.0]


class Stamp(LivePart):
    """Counts what it is asked, and draws a white spot above the skeleton."""

    name = "stamp"

    def __init__(self) -> None:
        self.moments: list[LiveMoment] = []
        self.is_broken = False

    def see(self, moment: LiveMoment) -> None:
        if self.is_broken:
            raise RuntimeError("out of ink")
        self.moments.append(replace(moment, frame_rgb=moment.frame_rgb.copy()))

    def draw_above(self, canvas: Canvas) -> None:
        canvas.picture[20:24, 8:12] = 255

    def replace(self, picture: np.ndarray) -> np.ndarray:
        return picture[:, :32]


@pytest.fixture
def stamped(estimator, recorder):
    estimator.may_go.release(10_000)
    stamp = Stamp()
    pipeline = LivePipeline(lambda: estimator, recorder, parts=[stamp])
    while pipeline.submit(0.0, PICTURE.copy).result(WAIT_S) is None:
        pass
    yield pipeline, stamp
    pipeline.close()


def test_a_part_sees_each_frame_clean_and_has_the_last_word_on_the_picture(stamped, recorder):
    pipeline, stamp = stamped
    recorder.start(name="Wall")
    picture = pipeline.submit(1.0, PICTURE.copy).result(WAIT_S)
    assert picture.shape == (36, 32, 3)
    assert (picture[20:24, 8:12] == 255).all()
    last = stamp.moments[-1]
    np.testing.assert_array_equal(last.frame_rgb, PICTURE)
    assert (last.frame.time_s, last.is_recording, last.image_size) == (1.0, True, (64, 36))
    assert [each.frame_number for each in stamp.moments] == list(range(len(stamp.moments)))
    recorder.stop()


def test_a_part_that_fails_costs_neither_the_picture_nor_the_recording(stamped, recorder):
    pipeline, stamp = stamped
    stamp.is_broken = True
    recorder.start(name="Wall")
    assert pipeline.submit(1.0, PICTURE.copy).result(WAIT_S) is not None
    assert pipeline.problem.startswith("Stamp does not work right now; what is recorded is safe.")
    assert recorder.stop().frame_count == 1


def test_whoever_fails_to_hear_the_silence_does_not_end_the_camera(estimator, recorder, caplog):
    heard = threading.Semaphore(0)

    def fail(silent_s):
        heard.release()
        raise RuntimeError("Nobody foresaw this.")

    estimator.may_go.release(10_000)
    pipeline = LivePipeline(lambda: estimator, recorder, on_silence=fail)
    while pipeline.submit(0.0, PICTURE.copy).result(WAIT_S) is None:
        pass
    assert heard.acquire(timeout=WAIT_S) and heard.acquire(timeout=WAIT_S)
    assert pipeline.problem == SILENCE_FAILED
    recorder.start(name="Wall")
    assert pipeline.submit(10.0, PICTURE.copy).result(WAIT_S) is not None
    assert pipeline.problem == ""
    assert recorder.stop().frame_count == 1
    pipeline.close()
    assert caplog.text.count("The silence was not heard") == 1
