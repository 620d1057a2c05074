"""Streams inside the program: who hears what, and that a slow one harms nobody."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from posecore import PoseFrame
from posecore.api.token_bucket import TokenBucket
from posecore.errors import InvalidMessageError
from posecore.streaming import hub as hub_module
from posecore.streaming.channels import check_stream_name
from posecore.streaming.hub import CAMERA_STREAM, StreamHub, make_publisher
from posecore.streaming.messages import read_message, read_pose
from posecore.streaming.outbox import MAX_NOTICES, Outbox
from tests.unit.test_recorder import SIZE, SQUATS, make_frame


def run_alone(listen):
    """Run on a loop of its own; the browser of other tests may have left one in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(listen())).result()


def test_what_another_thread_publishes_is_heard_in_order():
    async def listen():
        hub = StreamHub()
        with hub.listen("jo", "wall") as listener:
            texts = [str(number) for number in range(50)]
            thread = threading.Thread(
                target=lambda: [hub.publish("jo", "wall", text) for text in texts]
            )
            thread.start()
            heard = [await anext(listener) for _ in texts]
            thread.join()
        assert heard == texts

    run_alone(listen)


def test_each_owner_and_name_is_a_stream_of_its_own_and_a_sender_does_not_hear_itself():
    async def listen():
        hub = StreamHub()
        here, other_name = hub.listen("jo", "wall"), hub.listen("jo", "floor")
        other_owner, sender = hub.listen("mira", "wall"), hub.listen("jo", "wall")
        hub.publish("jo", "wall", "pose", sender=sender)
        for each in (other_name, other_owner, sender):
            each.put("nothing before this")
            assert await anext(each) == "nothing before this"
        assert await anext(here) == "pose"

    run_alone(listen)


def test_a_listener_that_does_not_read_misses_the_oldest():
    async def listen():
        hub = StreamHub()
        with hub.listen("jo", "wall", capacity=3) as slow:
            for number in range(10):
                hub.publish("jo", "wall", str(number))
            assert [await anext(slow) for _ in range(3)] == ["7", "8", "9"]
            assert slow.n_dropped == 7

    run_alone(listen)


def test_who_listens_no_more_is_forgotten():
    async def listen():
        hub = StreamHub()
        first, second = hub.listen("jo", "wall"), hub.listen("jo", "wall")
        first.close()
        assert hub.is_heard("jo", "wall")
        hub.publish("jo", "wall", "pose")
        assert [text async for text in first] == []
        second.close()
        assert not hub.is_heard("jo", "wall")
        assert hub._listeners == {}

    run_alone(listen)


def test_answers_come_before_poses_and_too_many_of_them_end_it():
    async def listen():
        outbox = Outbox()
        outbox.put("pose")
        outbox.put_notice("answer")
        assert [await outbox.get(), await outbox.get()] == ["answer", "pose"]
        for _ in range(MAX_NOTICES + 1):
            outbox.put_notice("answer")
        assert outbox.is_closed
        assert await outbox.get() is None

    run_alone(listen)


def test_a_camera_s_pose_is_heard_as_the_message_that_is_read_the_same():
    async def listen():
        hub = StreamHub()
        publish = make_publisher(hub, "jo", CAMERA_STREAM)
        with hub.listen("jo", CAMERA_STREAM) as listener:
            publish(make_frame(1.5), 7, SIZE)
            publish(PoseFrame.empty(1.6), 8, SIZE)
            seen, empty = [read_pose(read_message(await anext(listener))) for _ in range(2)]
        assert (seen.frame.time_s, seen.frame_number, seen.image_size) == (1.5, 7, SIZE)
        np.testing.assert_allclose(seen.frame.image_landmarks, SQUATS.image_landmarks[0], atol=2e-5)
        assert not empty.frame.is_detected

    run_alone(listen)


def test_nothing_is_encoded_while_nobody_listens(monkeypatch):
    monkeypatch.setattr(hub_module, "write_pose", lambda *_: pytest.fail("encoded for nobody"))
    make_publisher(StreamHub(), "jo", CAMERA_STREAM)(make_frame(1.5), 7, SIZE)


@pytest.mark.parametrize("name", ["wall-1", "Überhang 2", "../../etc", "x" * 100])
def test_a_name_is_only_a_name(name):
    assert check_stream_name(name) == name


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "\0"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(InvalidMessageError):
        check_stream_name(name)


def test_the_bucket_lets_a_burst_through_and_then_its_rate():
    now = {"s": 0.0}
    bucket = TokenBucket(10.0, 5.0, clock=lambda: now["s"])
    assert [bucket.take() for _ in range(5)] == [0.0] * 5
    assert bucket.take() == pytest.approx(0.1)
    assert bucket.take() == pytest.approx(0.2)
    now["s"] = 0.3
    assert bucket.take() == 0.0
    assert not bucket.is_full
    now["s"] = 10.0
    assert bucket.is_full
    assert bucket.take(1e9) == 0.0  # never more than the bucket holds


def test_landmarks_that_were_not_seen_are_null_and_come_back_as_nan():
    frame = make_frame(0.0)
    places = frame.image_landmarks.copy()
    places[5] = np.nan
    text = hub_module.write_pose(
        PoseFrame(
            time_s=0.0,
            image_landmarks=places,
            world_landmarks=frame.world_landmarks,
            visibility=frame.visibility,
            presence=frame.presence,
        ),
        0,
        SIZE,
    )
    assert json.loads(text)["landmarks"][5] is None
    pose = read_pose(read_message(text))
    assert np.isnan(pose.frame.image_landmarks[5]).all()
    assert np.isfinite(pose.frame.image_landmarks[6]).all()
