"""Two sessions on one clock in a real browser: both bodies, both videos, and what differs."""

from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import expect

from posecore import open_store
from posecore.synthetic import make_squats
from posecore.video_writer import VideoWriter
from tests.e2e.player_page import Player, leave_out, read_eye, store_session

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
        nobody = leave_out(SQUATS[:30], slice(None))
        sessions.nobody = store_session(store, nobody, name="Nobody", athlete="Jo")
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
    lit = player.button("Differences").evaluate("button => getComputedStyle(button).color")
    assert lit == "rgb(255, 255, 255)", "that it is on shows while the mouse is over it as well"
    colours = scene.evaluate(
        "scene => scene.querySelector('.pc-plot').data[0].line.color.slice(0, 5)"
    )
    assert set(colours) == {"#009E73"}, "the same movement differs nowhere"


def test_the_address_keeps_both_and_what_is_shown(open_comparison, sessions):
    player = open_comparison("&t=3&charts=left_knee_flexion,left_knee_flexion_difference")
    assert player.read("charts") == "left_knee_flexion,left_knee_flexion_difference"
    player.seek(4.0)
    player.page.wait_for_url(f"**/compare?a={sessions.a}&b={sessions.b}*t=4*")


def test_a_difference_has_nothing_in_the_middle_and_no_range_behind_its_band(open_comparison):
    player = open_comparison("&charts=left_knee_flexion_difference")
    layout = player.root.locator(".pc-charts .js-plotly-plot").evaluate("plot => plot.layout")
    assert layout["yaxis"]["range"] == [-30, 30]
    assert not layout["shapes"]


def find_box(player, selector):
    return player.root.locator(selector).first.bounding_box()


def test_on_a_small_screen_the_controls_cover_no_chart_and_the_legend_no_head(open_comparison):
    player = open_comparison()
    player.button("Differences").click()
    controls, charts = find_box(player, ".pc-transport"), find_box(player, ".pc-charts")
    assert charts["y"] + charts["height"] <= controls["y"]
    assert controls["y"] + controls["height"] <= 800
    legend, scene = find_box(player, ".pc-legend"), find_box(player, ".pc-scene")
    assert legend["y"] + legend["height"] <= scene["y"]
    assert legend["x"] + legend["width"] <= scene["x"] + scene["width"]


def test_what_cannot_be_compared_is_a_sentence_and_no_error(dashboard, open_page, sessions):
    page, watch = open_page(f"{dashboard.url}/compare?a={sessions.a}&b={sessions.nobody}")
    expect(page.get_by_text("nobody is seen", exact=False)).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("replay-player")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert watch.errors == []


def test_the_report_of_both_is_saved(open_comparison):
    player = open_comparison()
    with player.page.expect_download(timeout=60_000) as download:
        player.page.get_by_role("button", name="Report (HTML)").click()
    assert download.value.suggested_filename.endswith("_compared_report.html")
    report = download.value.path().read_text(encoding="utf-8")
    assert "Two sessions compared" in report
    assert "&lt;b&gt;first" in report


def test_at_phone_width_nothing_is_wider_than_the_screen(open_comparison):
    player = open_comparison(width=390, height=844)
    assert player.page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(player.page.get_by_text("Angle by angle")).to_be_visible(timeout=30_000)
    main = player.page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") == 0
