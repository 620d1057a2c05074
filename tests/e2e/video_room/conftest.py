"""The sessions of the video room: one dashboard over them for all modules of this folder."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from posecore import open_store
from posecore.synthetic import make_squats
from posecore.video_writer import VideoWriter
from tests.e2e.dashboard import run_dashboard
from tests.e2e.player_page import leave_out, store_session

VIDEO_SIZE = (320, 180)
N_BITS = 10


def write_numbered_video(path, time_s):
    """A video whose every picture says its own number, in stripes that survive any compression."""
    with VideoWriter(path, VIDEO_SIZE) as writer:
        for number, moment in enumerate(time_s):
            picture = np.zeros((VIDEO_SIZE[1], VIDEO_SIZE[0], 3), np.uint8)
            for bit in range(N_BITS):
                picture[:, 32 * bit : 32 * (bit + 1)] = 255 * (number >> bit & 1)
            writer.write(picture, moment)


@pytest.fixture(scope="package")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="package")
def dashboard(data_dir, fill_data):
    with run_dashboard(data_dir) as dashboard:
        yield dashboard


@pytest.fixture(scope="package")
def sessions():
    return SimpleNamespace()


@pytest.fixture(scope="package")
def fill_data(data_dir, sessions):
    squats = make_squats(20.0, 30.0)
    hidden = squats.visibility.copy()
    hidden[30:60, 13] = 0.2  # the left elbow, in the second second
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "agreed")
        plain = leave_out(squats, slice(300, 330))
        sessions.squats = store_session(store, plain, name="Squats & <b>bold</b>", athlete="Mira")
        sessions.noted = store_session(store, squats[:60], name="Noted")
        sessions.hidden = store_session(store, replace(squats, visibility=hidden), name="Hidden")
        for name in ("filmed", "short", "broken"):
            session_id = store_session(store, squats, name=name)
            path = store.make_video_path(session_id)
            path.parent.mkdir(exist_ok=True)
            write_numbered_video(path, squats.time_s[: 150 if name == "short" else None])
            store.set_video(session_id, path)
            setattr(sessions, name, session_id)
        path.write_bytes(b"no video at all")
