"""Goals beside a real camera: counted, heard of in the panel, and shown with the replay."""

import json
import re

import pytest
from playwright.sync_api import expect

import posecore
from posecore import measure_goal, open_store
from posecore.goals import Goal
from tests.e2e.camera_page import start_camera, write_camera_clip
from tests.e2e.dashboard import open_expander

# Who jumps in the video bends the right knee by more than 40 degrees with each jump, 15 to 24 times
# in 40 s however many frames are skipped, and does not lift a leg beside the head.
STEP = Goal(angle="right_knee_flexion", kind="at_least", low_deg=40)
SPLITS = Goal(angle="right_hip_flexion", kind="at_least", low_deg=165)

# Notes what is played, and plays it.
LISTEN = """
window.heard = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  window.heard.push(Math.round(this.frequency.value));
  return start.apply(this, when);
};
"""

FIND_LIMITS = '(it) => (it.layout?.shapes ?? []).filter(({ type }) => type === "line")'


@pytest.fixture(scope="module")
def camera_clip(test_video, tmp_path_factory):
    """One person, who never leaps."""
    path = tmp_path_factory.mktemp("camera") / "alone.mjpeg"
    write_camera_clip(test_video, path, is_one_person=True, is_there_and_back=True)
    return path


@pytest.fixture(scope="module")
def fill_data(data_dir):
    """Goals were chosen the last time."""
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        store.save_preference("live_goals", json.dumps([STEP.to_dict(), SPLITS.to_dict()]))


def test_a_goal_is_counted_heard_kept_and_shown_and_one_nobody_reaches_is_not(
    open_camera_page, dashboard
):
    page = open_camera_page(dashboard.url)
    page.add_init_script(LISTEN)
    page.goto(f"{dashboard.url}/live")
    step = page.locator(".goal", has_text=STEP.label)
    page.get_by_role("radio", name="0", exact=True).click()
    start_camera(page)
    page.get_by_role("button", name="Start recording").click()
    expect(step.locator(".goal-last")).to_have_text("Counts this recording.")
    expect(step.locator(".count output")).to_have_text(re.compile(r"^[1-9]\d*$"))
    page.wait_for_function("[784, 1175].every((hz) => window.heard.includes(hz))")
    page.get_by_role("button", name="Stop recording").click()
    expect(step.locator(".goal-last")).to_contain_text("Recorded:")
    page.get_by_role("button", name="Replay now").click()
    session_id = check_replay(page)
    assert page.watch.errors == []
    check_numbers(dashboard, session_id)


def test_goals_say_that_they_are_of_now_while_the_picture_is_late(open_camera_page, dashboard):
    page = open_camera_page(f"{dashboard.url}/live")
    start_camera(page)
    moment = page.locator(".goal-moment")
    expect(moment).to_have_text("Goals")
    open_expander(page, "Delayed mirror")
    page.get_by_text("Show the picture later").click()
    expect(moment).to_have_text("Goals, of now: the picture is 8 s old.")
    expect(page.get_by_label(f"{STEP.label}: time in the zone")).to_have_text(re.compile(r"\d s$"))
    page.get_by_text("Show the picture later").click()
    expect(moment).to_have_text("Goals")
    assert page.watch.errors == []


def check_replay(page):
    expect(page.get_by_test_id("replay-player")).to_have_attribute("data-ready", "true")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).to_contain_text(re.compile(rf"{STEP.label}\s*[1-9]\d* repetitions?"))
    expect(sidebar).to_contain_text(re.compile(rf"{SPLITS.label}\s*(Not reached|The angle was)"))
    chart = page.get_by_role("img", name="Charts over time").element_handle()
    # The charts come a moment after the skeleton.
    page.wait_for_function(f"(it) => ({FIND_LIMITS})(it).length", arg=chart)
    limits = chart.evaluate(FIND_LIMITS)
    assert [(each["y0"], each["line"]["color"]) for each in limits] == [(40, "#009E73")]
    return re.search(r"session=([0-9a-f-]{36})", page.url)[1]


def check_numbers(dashboard, session_id):
    """What was counted beside the camera is what the stored frames give."""
    with posecore.connect(dashboard.url) as store:
        sequence = store.load_sequence(session_id)
        step, splits = store.goals.list(session_id)
    assert (step.goal, splits.goal) == (STEP, SPLITS)
    assert step.result.n_repetitions == measure_goal(sequence, STEP).n_repetitions >= 1
    assert step.result.in_zone_s == pytest.approx(measure_goal(sequence, STEP).in_zone_s)
    assert splits.result.n_repetitions == 0
    assert splits.result.in_zone_s == 0
