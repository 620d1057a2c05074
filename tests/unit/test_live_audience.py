"""A live room that is watched: one message for all, none for nobody, one camera a stream."""

import asyncio
import gc
import threading
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from posecore import CORE_ANGLES
from posecore.capture.live_part import LiveMoment
from posecore.capture.live_room import LiveRoom
from posecore.capture.viewer_picture import PictureSender
from posecore.streaming import audience as audience_module
from posecore.streaming.audience import STALE_S, AudiencePart
from posecore.streaming.live_messages import read_live_pose
from posecore.streaming.outbox import Outbox
from posecore.streaming.stage import LiveStage
from tests.unit.test_recorder import SIZE, Clock, make_frame
from tests.unit.test_stream_hub import run_alone

PICTURE = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8)


@pytest.fixture
def stage():
    return LiveStage()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_room(store, settings, stage, clock):
    """Open rooms of a stage; each is kept until the test ends."""
    kept = []

    def open_one(owner="local", athlete="Mira"):
        def make_audience(room):
            return [AudiencePart(room, stage, owner=owner, clock=clock)]

        room = LiveRoom(store.for_owner(owner), settings, make_further=make_audience)
        room.fields = {"athlete": athlete}
        kept.append(room)
        return room

    yield open_one
    for room in kept:
        room.camera_ended()
    kept.clear()


def see(room, number=0, **changes):
    """Let a frame come."""
    frame = make_frame(number / 30)
    fields = {"frame": frame, "calm": frame, "frame_number": number, "image_size": SIZE}
    fields |= {"frame_rgb": PICTURE, "arrived_s": 3.5}
    room.parts["audience"].see(LiveMoment(**fields | changes))


def test_all_who_watch_get_the_same_message(stage, open_room):
    async def watch():
        room = open_room()
        with stage.poses.listen("local", "camera") as a, stage.poses.listen("local", "camera") as b:
            see(room, 7, recording_id="1f0a", recorded_s=1.5)
            first, second = await anext(a), await anext(b)
            assert first is second
            assert room.parts["audience"].status()["n_watching"] == 2
        pose = read_live_pose(first, CORE_ANGLES)
        assert (pose.frame_number, pose.captured_s, pose.recorded_s) == (7, 3.5, 1.5)
        assert pose.angles_deg["left_knee_flexion"] is not None
        assert room.parts["audience"].status()["n_watching"] == 0

    run_alone(watch)


def test_for_nobody_nothing_is_made(open_room, monkeypatch):
    monkeypatch.setattr(audience_module, "_write", lambda _: pytest.fail("made for nobody"))
    room = open_room()
    room.parts["audience"].shows_picture = True
    monkeypatch.setattr(PictureSender, "offer", lambda *_: pytest.fail("made for nobody"))
    see(room)


def test_of_two_tabs_on_one_stream_one_is_shown_until_its_camera_ends(stage, open_room):
    async def watch():
        first, second = open_room(athlete="Mira"), open_room(athlete="Jo")
        with stage.poses.listen("local", "camera") as viewer:
            for number, room in enumerate([first, second, first]):
                see(room, number)
            assert stage.find_athlete("local", "camera") == "Mira"
            first.camera_ended()
            see(second, 3)
            assert stage.find_athlete("local", "camera") == "Jo"
            viewer.put(b"end")
            heard = []
            while (message := await anext(viewer)) != b"end":
                heard.append(read_live_pose(message, CORE_ANGLES).frame_number)
        assert heard == [0, 2, 3]

    run_alone(watch)


def test_a_camera_from_which_nothing_comes_is_off_and_makes_room(stage, open_room, clock):
    first, second = open_room(), open_room(athlete="Jo")
    see(first)
    assert [each.athlete for each in stage.list_live()] == ["Mira"]
    clock.now_s += STALE_S
    assert stage.list_live() == []
    see(second)
    assert [each.athlete for each in stage.list_live()] == ["Jo"]


def test_a_room_that_is_gone_is_forgotten(store, settings, stage):
    room = LiveRoom(
        store,
        settings,
        make_further=lambda room: [AudiencePart(room, stage, owner="local")],
    )
    see(room)
    assert stage.find("local", "camera") is room.parts["audience"]
    del room
    gc.collect()
    assert stage.find("local", "camera") is None
    assert stage.find_athlete("local", "camera") is None
    assert stage.list_live() == []


def test_the_picture_goes_only_to_who_asks_and_only_where_it_is_shown(stage, open_room):
    async def watch():
        room = open_room()
        audience = room.parts["audience"]
        with stage.pictures.listen("local", "camera", capacity=1) as viewer:
            see(room)
            viewer.put(b"nothing before this")
            assert await anext(viewer) == b"nothing before this"
            audience.shows_picture = True
            see(room)
            jpeg = await asyncio.wait_for(anext(viewer), 10)
        picture = Image.open(BytesIO(jpeg))
        assert (picture.format, picture.size) == ("JPEG", (640, 360))

    run_alone(watch)


def test_pictures_are_small_not_too_many_and_copies(clock):
    made = []
    is_made = threading.Event()

    def publish(jpeg):
        made.append(jpeg)
        is_made.set()

    sender = PictureSender(publish, clock=clock)
    large = np.full((1440, 2560, 3), 200, dtype=np.uint8)
    sender.offer(large)
    large[:] = 0  # drawn on afterwards
    assert is_made.wait(10)
    picture = Image.open(BytesIO(made[0]))
    assert picture.size == (640, 360)
    assert picture.getpixel((100, 100)) == pytest.approx((200, 200, 200), abs=3)
    waiting = []
    sender._publish = waiting.append
    offered = 0
    for _ in range(30):  # a second of a camera
        clock.now_s += 1 / 30
        before = sender._next_s
        sender.offer(large)
        offered += sender._next_s != before
    assert 9 <= offered <= 11
    sender.close()
    assert not [each for each in threading.enumerate() if each.name == "pictures"]


def test_who_says_what_came_is_not_sent_far_ahead():
    async def read():
        outbox = Outbox(capacity=3, max_ahead=2)
        for number in range(5):
            outbox.put(str(number))
        # Whoever never says so gets all there is.
        assert [await outbox.get() for _ in range(3)] == ["2", "3", "4"]
        outbox.note_read(1)
        for number in range(5, 9):
            outbox.put(str(number))
        waiting = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        outbox.put_notice("answer")  # which none of this holds back
        assert await waiting == "answer"
        waiting = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        outbox.note_read(10**9)
        assert await waiting == "6"
        assert outbox.n_dropped == 3

    run_alone(read)
