"""Two browsers: an athlete before a real video as the camera, and a coach who watches and cues."""

import re

from playwright.sync_api import expect

from tests.e2e.camera_page import acknowledge_privacy, start_camera
from tests.e2e.dashboard import run_dashboard

WORDS = "Knie über die Zehen <img src=x onerror=alert(1)>"
# All in one go, for the body moves on while one aims.
CLICK_A_JOINT = """() => {
    const scene = document.querySelector(".pc-scene");
    const place = scene.querySelector(".pc-tag").getBoundingClientRect();
    const at = { clientX: place.x + place.width / 2, clientY: place.y + place.height / 2 };
    for (const type of ["pointerdown", "pointerup"])
        scene.dispatchEvent(new PointerEvent(type, { ...at, bubbles: true, pointerId: 1 }));
    return document.querySelector("[aria-label='Arrow at']").value !== "";
}"""


def watch_through(page, lines):
    """Let the page's line to the stream go through here."""

    def connect(line):
        line.connect_to_server()
        lines.append(line)

    page.route_web_socket(re.compile(r"/ws/live\?"), connect)


def wait_for_movement(page):
    """Wait until frames come and the body is at one place after another."""
    expect(page.get_by_test_id("audience")).to_have_attribute("data-state", "live")
    page.wait_for_function(
        """() => {
            const seen = (window.seen ??= new Set());
            for (const tag of document.querySelectorAll(".pc-scene .pc-tag"))
                if (!tag.style.transform.includes("-99px")) seen.add(tag.style.transform);
            return seen.size > 20;
        }"""
    )
    page.wait_for_function(
        "[...document.querySelectorAll('.au-angle output')].some((each) => each.value !== '–')"
    )


def test_a_coach_watches_on_another_screen_and_the_cues_become_notes(open_camera_page, tmp_path):
    lines = []
    with run_dashboard(tmp_path) as dashboard:
        athlete = open_camera_page(dashboard.url)
        acknowledge_privacy(athlete)
        coach = open_camera_page(f"{dashboard.url}/audience", width=390, height=844)
        watch_through(coach, lines)
        expect(coach.get_by_text("No camera is running")).to_be_visible()
        check_an_address_with_a_mistake(coach, dashboard)

        athlete.goto(f"{dashboard.url}/live")
        athlete.get_by_text("Audience", exact=True).click()
        address = f"{dashboard.url}/audience?stream=camera"
        expect(athlete.get_by_test_id("stCode")).to_have_text(address)
        start_camera(athlete)
        wait_for_movement(coach)  # by itself, for there is only this one
        expect(coach).to_have_url(address)
        expect(coach.get_by_text(re.compile(r"^\d+ ms behind$"))).to_be_visible()
        check_the_line_that_is_cut(coach, lines)
        check_a_cue_without_a_recording(athlete, coach)
        check_the_picture(athlete, coach)
        record_with_cues(athlete, coach)

        expect(coach.get_by_text("The camera is not running")).to_be_visible()
        assert coach.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert athlete.watch.errors == coach.watch.errors == []
        assert athlete.watch.hosts | coach.watch.hosts == {"127.0.0.1"}
    assert "Traceback" not in (tmp_path / "dashboard.log").read_text()


def check_an_address_with_a_mistake(coach, dashboard):
    coach.goto(f"{dashboard.url}/audience?stream=camrea")
    expect(coach.get_by_text("There is no live stream here")).to_contain_text("check the address")
    coach.goto(f"{dashboard.url}/audience?stream=camera")
    expect(coach.get_by_text("The camera is not running")).to_be_visible()
    coach.goto(f"{dashboard.url}/audience")
    expect(coach.get_by_text("No camera is running")).to_be_visible()


def check_the_line_that_is_cut(coach, lines):
    n_lines = len(lines)
    lines[-1].close()
    coach.wait_for_function(
        "document.querySelector('[data-testid=audience]').dataset.state !== 'live'"
    )
    wait_for_movement(coach)
    assert len(lines) == n_lines + 1


def check_a_cue_without_a_recording(athlete, coach):
    coach.wait_for_function(CLICK_A_JOINT)
    coach.get_by_label("Words for the athlete").fill("higher")
    coach.get_by_role("button", name="Show", exact=True).click()
    expect(coach.get_by_text("It is not kept, because nothing is being recorded")).to_be_visible()
    cues = athlete.get_by_role("status", name="Cues")
    expect(cues).to_contain_text(re.compile(r"(Left|Right) \w+: higher"))
    expect(athlete.get_by_test_id("live-panel")).to_contain_text("1 watching")
    expect(athlete.get_by_text("1 is watching now.")).to_be_attached()


def check_the_picture(athlete, coach):
    expect(coach.get_by_label("Picture", exact=True)).to_be_disabled()
    athlete.get_by_text("Show my picture to viewers").click()
    coach.get_by_label("Picture", exact=True).check()
    coach.wait_for_function("document.querySelector('.au-picture').dataset.pictures > 3")
    athlete.get_by_text("Show my picture to viewers").click()
    expect(coach.get_by_role("img", name="The athlete", exact=True)).to_be_hidden()


def record_with_cues(athlete, coach):
    athlete.get_by_role("radio", name="0", exact=True).click()
    athlete.get_by_role("button", name="Start recording").click()
    expect(coach.get_by_text(re.compile(r"recording 0:0[1-9]"))).to_be_visible()
    coach.get_by_label("Arrow at").select_option("Left knee")
    coach.get_by_label("Words for the athlete").fill(WORDS)
    coach.get_by_label("Words for the athlete").press("Enter")
    expect(athlete.get_by_role("status", name="Cues")).to_contain_text(f"Left knee: {WORDS}")
    expect(coach.get_by_text("Shown, and kept as a note.")).to_be_visible()
    coach.get_by_role("button", name="Mark this moment").click()
    expect(athlete.get_by_role("status", name="Cues")).to_contain_text("Marked")
    athlete.get_by_role("button", name="Mark this moment").click()
    expect(coach.get_by_text("Shown, and kept as a note.")).to_be_visible()
    athlete.get_by_role("button", name="Stop recording").click()
    athlete.get_by_role("button", name="Replay now").click()
    expect(athlete.get_by_test_id("replay-player")).to_have_attribute("data-ready", "true")
    notes = athlete.locator(".pc-notes")
    expect(notes).to_contain_text(f"Left knee: {WORDS}")
    expect(notes.get_by_text("Marked", exact=True)).to_have_count(2)
