"""The live room in a real browser, with a real video of one person as the camera."""

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from posecore import Settings, open_store
from posecore.importing import import_video
from posecore.synthetic import make_squats
from tests.e2e.camera_page import (
    LONG_MS,
    make_camera_arguments,
    start_camera,
    write_camera_clip,
)
from tests.e2e.dashboard import run_browser, watch_page

ALIKE = 70
"""A score that the movement of the ghost reaches, and another one does not."""


@pytest.fixture(scope="module")
def alone_clip(test_video, tmp_path_factory):
    """The camera's video, with one person in it, who jumps, over and over."""
    path = tmp_path_factory.mktemp("camera") / "alone.mjpeg"
    write_camera_clip(test_video, path, is_one_person=True)
    return path


@pytest.fixture(scope="module")
def fill_data(data_dir, alone_clip):
    """Sessions to be ghosts: the movement of the camera's video, and another one."""
    data_dir.mkdir(exist_ok=True)
    settings = Settings.from_env({"POSECORE_DATA": str(data_dir)})
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        same = import_video(alone_clip, store, settings=settings, name="Same <movement>")
        other = store.create_session(name="Squats", source="live")
        store.append_frames(other, make_squats())
        store.finish_session(other)
    return SimpleNamespace(same=same, other=other)


@pytest.fixture
def open_room(playwright, alone_clip, dashboard):
    """Open the Live page with the camera running."""
    with run_browser(playwright, *make_camera_arguments(alone_clip)) as browser:

        def open_one(query, *, is_started=True, **options):
            page = browser.new_context(
                viewport={"width": 1280, "height": 900}, **options
            ).new_page()
            page.set_default_timeout(LONG_MS)
            watch = watch_page(page)
            page.goto(f"{dashboard.url}/live?{query}")
            if is_started:
                start_camera(page)
            return page, watch

        yield open_one


def test_the_picture_comes_where_its_place_was_and_nothing_moves(open_room):
    page, watch = open_room("", is_started=False)
    frame, camera = page.locator("iframe[data-dressed]"), page.frame_locator("iframe")
    panel, start = page.get_by_test_id("live-panel"), camera.get_by_role("button", name="Start")
    expect(panel).to_contain_text("Once you see yourself, press Start recording.")
    sentence = "Press Start camera and allow it when the browser asks."
    said = "(box) => getComputedStyle(box.children[0], '::after').content"
    assert sentence in camera.locator("#root > div").evaluate(said)
    place, button, below = (each.bounding_box() for each in (frame, start, panel))
    assert place["height"] == pytest.approx(place["width"] * 9 / 16 + 61, abs=2)
    middle = button["x"] + button["width"] / 2
    assert middle == pytest.approx(place["x"] + place["width"] / 2, abs=2)
    assert place["y"] < button["y"] < place["y"] + place["height"] * 0.7
    start_camera(page)
    expect(camera.get_by_role("button", name="Stop camera")).to_be_visible()
    picture = camera.locator("video")
    expect(picture).to_be_visible()
    assert picture.bounding_box()["width"] == pytest.approx(place["width"], abs=1)
    assert frame.bounding_box() == place
    assert panel.bounding_box()["y"] == below["y"]
    # What comes may be smaller than what was asked for, and that is what is said.
    comes = "640×360|480×270|320×180"
    expect(panel).to_contain_text(re.compile(rf"({comes}) · \d+\s+frames/s analysed"))
    assert watch.errors == []


def find_best_score(panel, duration_s):
    """Best score of the last seconds that was shown in so long a time."""
    return panel.evaluate(
        """async (panel, milliseconds) => {
            const score = panel.querySelector(".ghost-score");
            const end = performance.now() + milliseconds;
            let best = 0;
            while (performance.now() < end) {
                await new Promise(requestAnimationFrame);
                best = Math.max(best, Number(score.textContent) || 0);
            }
            return best;
        }""",
        1000 * duration_s,
    )


def wait_for(page, panel, condition):
    """Wait until what the panel says is so: ``read(name)`` is a text in it."""
    page.wait_for_function(
        f"""(panel) => {{
            const read = (name) => panel.querySelector(`.ghost-${{name}}`).textContent;
            return {condition};
        }}""",
        arg=panel.element_handle(),
    )


def test_ghost_scores_high_for_its_own_movement_and_low_for_another(open_room, fill_data):
    page, watch = open_room(f"ghost={fill_data.same}")
    panel = page.get_by_test_id("ghost-panel")
    expect(panel).to_contain_text("Ghost · Same <movement>")
    waits = panel.get_by_role("button", name="Waits for you")
    expect(waits).to_have_attribute("aria-pressed", "false")
    waits.click()
    expect(waits).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("radio", name="Waits for you")).to_be_checked()
    expect(panel).to_contain_text("goes on as you move")
    wait_for(page, panel, f"Number(read('score')) >= {ALIKE}")
    # Played to its end by the movement alone, it begins again.
    wait_for(page, panel, 'read("runs").includes("the one before")')
    page.goto(page.url.replace(fill_data.same, fill_data.other))
    expect(panel).to_contain_text("Ghost · Squats")
    start_camera(page)
    wait_for(page, panel, "Number(read('score')) > 0")
    # Twice as long as the camera's movement takes.
    assert find_best_score(panel, 10) < ALIKE
    assert watch.errors == []


def test_ghost_plays_pauses_and_seeks_and_keeps_its_stretch_in_the_address(open_room, fill_data):
    page, watch = open_room(f"ghost={fill_data.other}&from=2&to=8")
    panel = page.get_by_test_id("ghost-panel")
    expect(panel).to_contain_text("/ 0:08.0")
    panel.get_by_role("button", name="Pause the ghost").click()
    expect(panel).to_contain_text("stands still")
    panel.get_by_role("slider", name="Seek the ghost").fill("5")
    expect(panel).to_contain_text("0:05.0 / 0:08.0")
    panel.get_by_role("combobox", name="Speed of the ghost").select_option("2")
    panel.get_by_role("button", name="Play the ghost").click()
    expect(panel).to_contain_text("plays at its own pace")
    wait_for(page, panel, 'read("runs").includes("the one before")')
    assert "from=2" in page.url
    assert "to=8" in page.url
    panel.get_by_role("button", name="Pause the ghost").click()
    expect(panel).to_contain_text("stands still")
    assert watch.errors == []


def test_replay_leads_to_practising_with_its_session_as_ghost(open_page, dashboard, fill_data):
    page, watch = open_page(f"{dashboard.url}/replay?session={fill_data.other}")
    page.get_by_role("button", name="Practise with this as ghost").click()
    expect(page.get_by_test_id("ghost-panel")).to_contain_text("Ghost · Squats", timeout=LONG_MS)
    assert f"ghost={fill_data.other}" in page.url
    assert watch.errors == []
