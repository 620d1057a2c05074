"""Two sessions on one clock in a real browser: both bodies, both videos, and what differs."""

from types import SimpleNamespace

import numpy as np
import pytest

from posecore import open_store
from posecore.synthetic import make_squats
from posecore.video_writer import VideoWriter
from tests.e2e.player_page import Player, read_eye, store_session

SQUATS = make_squats(12.0, 30.0)
LATER_S = 1.7


@pytest.fixture(scope="module")
def sessions():
    return SimpleNamespace()


@pytest.fixture(scope="module")
def fill_data(data_dir, sessions):
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "agreed")
        sessions.a = store_session(store, SQUATS, name="Squats <b>first</b>", athlete="Mira")
        later = SQUATS[round(30 * LATER_S) :]
        sessions.b = store_session(store, later, name="Squats later", athlete="Mira")
        for session_id, sequence in ((sessions.a, SQUATS), (sessions.b, later)):
            path = store.make_video_path(session_id)
            path.parent.mkdir(exist_ok=True)
            with VideoWriter(path, (160, 90)) as writer:
                for time_s in sequence.time_s - sequence.time_s[0]:
                    writer.write(np.full((90, 160, 3), 128, np.uint8), float(time_s))
            store.set_video(session_id, path)


@pytest.fixture
def open_comparison(dashboard, open_page, sessions):
    watches = []

    def open_one(query="", **options):
        url = f"{dashboard.url}/compare?a={sessions.a}&b={sessions.b}{query}"
        page, watch = open_page(url, **options)
        watches.append(watch)
        return Player(page, watch)

    yield open_one
    for watch in watches:
        assert watch.errors == []
        assert watch.hosts == {"127.0.0.1"}


def wait_for_videos(player, a_s, b_s):
    player.page.wait_for_function(
        """([root, a, b]) => Math.abs(Number(root.dataset.aVideoTimeS) - a) < 0.05
            && Math.abs(Number(root.dataset.bVideoTimeS) - b) < 0.05""",
        arg=[player.root.element_handle(), a_s, b_s],
    )


def test_both_videos_stand_where_both_skeletons_stand(open_comparison):
    player = open_comparison("&t=2")
    # Brought together, B began 1.7 s later: at 2 s of the common clock A is at 3.7 s.
    wait_for_videos(player, 2 + LATER_S, 2)
    player.seek(5.0)
    wait_for_videos(player, 5 + LATER_S, 5)


def test_both_play_on_one_clock(open_comparison):
    player = open_comparison()
    player.button("Play").click()
    player.wait_for_frame("frame > 60")
    player.button("Pause").click()
    wait_for_videos(player, player.time_s + LATER_S, player.time_s)


def test_side_by_side_and_coloured(open_comparison):
    player = open_comparison("&t=1")
    scene = player.root.locator(".pc-scene")
    read_xs = "scene => scene.querySelector('.pc-plot').data[0].x.filter(Number.isFinite)"
    together = scene.evaluate(read_xs)
    eye = read_eye(scene)
    player.button("Side by side").click()
    player.wait_for_drawings()
    apart = scene.evaluate(read_xs)
    assert np.ptp(apart) > 1.5 * np.ptp(together)
    assert read_eye(scene)[2] == pytest.approx(eye[2], rel=0.3), "it is looked at as before"
    player.button("Differences").click()
    player.wait_for_drawings()
    colours = scene.evaluate(
        "scene => scene.querySelector('.pc-plot').data[0].line.color.slice(0, 5)"
    )
    assert set(colours) == {"#009E73"}, "the same movement differs nowhere"


def test_the_address_keeps_both_and_what_is_shown(open_comparison, sessions):
    player = open_comparison("&t=3&charts=left_knee_flexion,left_knee_flexion_difference")
    assert player.read("charts") == "left_knee_flexion,left_knee_flexion_difference"
    player.seek(4.0)
    player.page.wait_for_url(f"**/compare?a={sessions.a}&b={sessions.b}*t=4*")


def test_at_phone_width_nothing_is_wider_than_the_screen(open_comparison):
    player = open_comparison(width=390, height=844)
    assert player.page.evaluate("document.documentElement.scrollWidth") <= 390
