"""The replay as a coach's video room: loop, video, charts, notes, and what can be taken away."""

import re
from dataclasses import replace
from types import SimpleNamespace

import av
import numpy as np
import pytest
from playwright.sync_api import expect

from posecore import open_store
from posecore.synthetic import make_squats
from posecore.video_writer import VideoWriter
from tests.e2e.player_page import Player, leave_out, read_eye, store_session

VIDEO_SIZE = (320, 180)
N_BITS = 10

READ_NUMBER = """
root => {
    const video = root.querySelector("video");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [320, 180];
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 320, 180);
    let number = 0;
    for (let bit = 0; bit < 10; bit += 1) {
        const [grey] = context.getImageData(32 * bit + 16, 90, 1, 1).data;
        number += grey > 128 ? 2 ** bit : 0;
    }
    return number;
}
"""


def write_numbered_video(path, time_s):
    """A video whose every picture says its own number, in stripes that survive any compression."""
    with VideoWriter(path, VIDEO_SIZE) as writer:
        for number, moment in enumerate(time_s):
            picture = np.zeros((VIDEO_SIZE[1], VIDEO_SIZE[0], 3), np.uint8)
            for bit in range(N_BITS):
                picture[:, 32 * bit : 32 * (bit + 1)] = 255 * (number >> bit & 1)
            writer.write(picture, moment)


@pytest.fixture(scope="module")
def sessions(data_dir):
    return SimpleNamespace()


@pytest.fixture(scope="module")
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


# The loop


def test_keys_set_a_loop_and_play_stays_in_it(open_player):
    player = open_player(query="&t=2")
    keys = player.page.keyboard
    keys.press("a")
    keys.press("ArrowRight")
    keys.press("b")
    expect(player.root).to_have_attribute("data-loop", "2.000-3.000")
    player.choose_speed("4")
    player.page.evaluate(
        """root => {
            window.seen = [];
            new MutationObserver(() => window.seen.push(Number(root.dataset.timeS)))
                .observe(root, { attributes: true, attributeFilter: ["data-time-s"] });
        }""",
        player.root.element_handle(),
    )
    keys.press(" ")
    # It has turned back twice when time has fallen twice.
    player.page.wait_for_function(
        "() => seen.filter((t, i) => i && t < seen[i - 1] - 0.3).length >= 2"
    )
    keys.press(" ")
    seen = player.page.evaluate("seen")
    assert min(seen) >= 2.0 and max(seen) <= 3.0
    keys.press("l")
    expect(player.root).to_have_attribute("data-loop", "")
    keys.press("l")
    expect(player.root).to_have_attribute("data-loop", "2.000-3.000")


def test_a_loop_is_brushed_on_a_chart_and_dragged_on_the_slider(open_player):
    player = open_player()
    box = player.root.locator(".pc-charts").bounding_box()
    mouse = player.page.mouse
    player.page.keyboard.down("Shift")
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    mouse.up()
    player.page.keyboard.up("Shift")
    start, end = player.loop
    assert 8 < start < 11 and 13 < end < 16
    assert player.frame == 0, "brushing does not seek"
    handle = player.root.get_by_role("slider", name="Loop end").bounding_box()
    mouse.move(handle["x"] + 5, handle["y"] + 5)
    mouse.down()
    mouse.move(handle["x"] + 100, handle["y"] + 5, steps=4)
    mouse.up()
    assert player.loop[0] == start and player.loop[1] > end + 1
    player.root.get_by_role("slider", name="Loop start").press("ArrowRight")
    assert player.loop[0] == pytest.approx(start + 0.1, abs=0.002)


def test_a_loop_keeps_its_ends_apart_and_in_order(open_player):
    player = open_player(query="&loop=2-2.2")
    start = player.root.get_by_role("slider", name="Loop start")
    for _ in range(4):
        start.press("ArrowRight")
    assert player.loop[1] == pytest.approx(2.2)
    assert 2.0 < player.loop[0] < 2.2
    box = player.root.get_by_role("slider", name="Loop end").bounding_box()
    player.page.mouse.move(box["x"] + 4, box["y"] + 4)
    player.page.mouse.down()
    player.page.mouse.move(box["x"] + 4, box["y"] + 7)
    assert player.loop[1] == pytest.approx(2.2), "taken, not moved"
    player.page.keyboard.press("l")
    player.page.mouse.move(box["x"] + 40, box["y"] + 7)
    player.page.mouse.up()
    assert player.read("loop") == ""


def test_brushing_with_a_finger(open_player):
    player = open_player()
    player.root.get_by_role("button", name="Brush a loop").click()
    box = player.root.locator(".pc-charts").bounding_box()
    mouse = player.page.mouse
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    mouse.up()
    assert player.frame == 0
    assert player.loop[1] > player.loop[0] + 3


def test_menus_are_within_a_phones_screen(open_player):
    player = open_player(width=390, height=844)
    for name in ("Trails", "Charts", "Save"):
        player.root.get_by_text(name, exact=True).tap()
        box = player.root.locator("details[open] .pc-choices").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["y"] < 800
        player.root.get_by_text(name, exact=True).tap()


def test_a_loop_by_touch(open_player):
    player = open_player(query="&t=5", width=390, height=844)
    player.root.get_by_role("button", name="Loop starts here").tap()
    player.root.get_by_role("button", name="Step forward").tap()
    for _ in range(20):
        player.root.get_by_role("button", name="Step forward").tap()
    player.root.get_by_role("button", name="Loop ends here").tap()
    expect(player.root).to_have_attribute("data-loop", "5.000-5.700")


# Keys


def test_every_key_of_the_sheet(open_player):
    player = open_player()
    keys = player.page.keyboard
    keys.press("?")
    sheet = player.page.get_by_role("dialog", name="Keys and gestures")
    expect(sheet).to_be_visible()
    for key in ("Space", "Loop starts here", "Full screen"):
        expect(sheet).to_contain_text(key)
    keys.press("Escape")
    expect(sheet).not_to_be_visible()
    keys.press("ArrowUp")
    expect(player.root).to_have_attribute("data-speed", "1.5")
    for _ in range(9):
        keys.press("ArrowDown")
    expect(player.root).to_have_attribute("data-speed", "0.1")
    keys.press("f")
    player.page.wait_for_function("document.fullscreenElement?.dataset.testid === 'replay-player'")
    keys.press("f")
    player.page.wait_for_function("document.fullscreenElement === null")
    keys.press("End")
    player.wait_for_frame("frame === 599")
    keys.press("Home")
    player.wait_for_frame("frame === 0")


def test_all_speeds_play(open_player):
    player = open_player()
    speed = player.root.get_by_label("Speed", exact=True)
    offered = ["0.1", "0.25", "0.5", "0.75", "1", "1.5", "2", "4"]
    assert [each.get_attribute("value") for each in speed.locator("option").all()] == offered
    player.choose_speed("4")
    player.button("Play").click()
    player.wait_for_frame("frame > 200")
    player.choose_speed("0.1")
    expect(player.root).to_have_attribute("data-playing", "true")


# Video


def shown_number(player):
    return player.root.evaluate(READ_NUMBER)


def wait_for_picture(player):
    player.page.wait_for_function(
        "root => Math.abs(root.dataset.videoTimeS - root.dataset.timeS) < 0.02",
        arg=player.root.element_handle(),
    )


def test_after_any_seek_the_video_shows_the_frame_of_the_skeleton(open_player):
    player = open_player("filmed", query="&t=3.3")
    expect(player.root).to_have_attribute("data-video", "ready")
    wait_for_picture(player)
    assert shown_number(player) == player.frame == 99
    for key in (".", ".", ",", "ArrowRight", "ArrowLeft", "End", "Home"):
        player.page.keyboard.press(key)
        player.wait_for_drawings()
        wait_for_picture(player)
        assert abs(shown_number(player) - player.frame) <= 1


@pytest.mark.parametrize("speed", ["0.25", "1", "4"])
def test_in_play_the_skeleton_is_within_a_frame_of_the_video(open_player, speed):
    player = open_player("filmed")
    expect(player.root).to_have_attribute("data-video", "ready")
    player.choose_speed(speed)
    # What the player shows when the browser presents a picture, and what that picture says.
    player.root.evaluate(
        f"""root => {{
            const read = {READ_NUMBER};
            const video = root.querySelector("video");
            window.pairs = [];
            const note = () => {{
                requestAnimationFrame(() => {{
                    window.pairs.push([read(root), Number(root.dataset.frame)]);
                    video.requestVideoFrameCallback(note);
                }});
            }};
            video.requestVideoFrameCallback(note);
        }}"""
    )
    player.button("Play").click()
    player.page.wait_for_function("() => pairs.length > 20", timeout=60_000)
    player.button("Pause").click()
    apart = [abs(picture - frame) for picture, frame in player.page.evaluate("pairs")]
    assert sorted(apart)[int(0.95 * len(apart))] <= max(1, float(speed))
    wait_for_picture(player)
    assert abs(shown_number(player) - player.frame) <= 1


def test_the_skeleton_is_drawn_over_the_video(open_player):
    player = open_player("filmed", query="&t=3")
    expect(player.root).to_have_attribute("data-video", "ready")
    wait_for_picture(player)
    drawn = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, i) => i % 4 === 3 && value > 0);
    }"""
    player.page.wait_for_function(
        f"canvas => ({drawn})(canvas)",
        arg=player.root.locator(".pc-video canvas").element_handle(),
    )


def test_without_a_readable_video_the_rest_plays(open_player):
    player = open_player("broken")
    expect(player.root).to_contain_text("The video cannot be shown; the rest plays without it.")
    player.button("Play").click()
    player.wait_for_frame("frame > 10")


def test_play_goes_on_where_a_loop_turns_back_at_the_videos_end(open_player):
    player = open_player("filmed", query="&t=19&loop=19-19.5")
    expect(player.root).to_have_attribute("data-video", "ready")
    player.page.keyboard.press(" ")
    player.page.keyboard.press("End")
    player.page.wait_for_function(
        "root => root.dataset.timeS > 19.1 && root.dataset.timeS < 19.5",
        arg=player.root.element_handle(),
    )
    expect(player.root).to_have_attribute("data-playing", "true")


def test_behind_the_videos_end_the_rest_plays_on(open_player):
    player = open_player("short", query="&t=4")
    expect(player.root).to_have_attribute("data-video", "ready")
    player.choose_speed("4")
    player.page.keyboard.press(" ")
    player.wait_for_frame("frame > 200")
    expect(player.root).to_contain_text("No video here")
    player.page.keyboard.press(" ")
    player.page.keyboard.press("ArrowRight")
    before = player.frame
    player.page.keyboard.press(" ")
    player.wait_for_frame(f"frame > {before + 10}")
    player.page.keyboard.press(" ")
    player.page.keyboard.press("Home")
    expect(player.root).not_to_contain_text("No video here")
    wait_for_picture(player)
    assert shown_number(player) == player.frame == 0


# The skeleton


def test_what_is_likely_hidden_is_drawn_faint(open_player):
    player = open_player("hidden", query="&t=0.5")
    colours = (
        """root => new Set(root.querySelector(".pc-scene .pc-plot").data[0].line.color).size"""
    )
    assert player.root.evaluate(colours) == 3
    player.page.keyboard.press("ArrowRight")
    player.wait_for_frame("frame === 45")
    assert player.root.evaluate(colours) == 4


def test_trails_and_the_angle_at_its_joint(open_player):
    player = open_player(query="&t=3")
    n_traces = "root => root.querySelector('.pc-scene .pc-plot').data.length"
    assert player.root.evaluate(n_traces) == 1
    player.root.get_by_text("Trails", exact=True).click()
    player.root.get_by_label("Left wrist").check()
    player.wait_for_drawings()
    assert player.root.evaluate(n_traces) == 2
    player.root.get_by_label("Left wrist").uncheck()
    reading = player.root.locator("button[data-name=left_knee_flexion]")
    reading.click()
    expect(reading).to_have_attribute("aria-pressed", "true")
    expect(player.root.locator(".pc-angle-label")).to_have_text(
        player.root.locator("[data-angle=left_knee_flexion]").inner_text()
    )
    reading.click()
    player.wait_for_drawings()
    assert player.root.evaluate(n_traces) == 1


def test_the_athletes_eyes(open_player):
    player = open_player(query="&t=3")
    home = read_eye(player.root.locator(".pc-scene"))
    player.button("Eyes").click()
    player.wait_for_drawings()
    eye = read_eye(player.root.locator(".pc-scene"))
    assert np.hypot(*eye[:2]) < 0.5 * np.hypot(*home[:2]), "it is where the athlete is"
    player.button("Front").click()
    player.wait_for_drawings()
    assert np.hypot(*read_eye(player.root.locator(".pc-scene"))[:2]) > 1


# Charts


def test_any_chart_can_be_chosen_and_the_address_keeps_it(open_player):
    player = open_player(query="&t=3&speed=0.5&loop=2-4&charts=knee_flexion,speed_wrist")
    assert player.read("charts") == "knee_flexion,speed_wrist"
    assert (player.read("speed"), player.read("loop")) == ("0.5", "2.000-4.000")
    player.root.get_by_text("Charts", exact=True).click()
    player.root.get_by_label("Height of the centre of mass").check()
    player.root.get_by_label("Wrist", exact=True).uncheck()
    expect(player.root).to_have_attribute("data-charts", "knee_flexion,com_height")
    expect(player.page).to_have_url(re.compile(r"charts=knee_flexion%2Ccom_height"))
    player.page.reload()
    again = Player(player.page)
    assert again.read("charts") == "knee_flexion,com_height"
    assert (again.frame, again.read("speed"), again.read("loop")) == (90, "0.5", "2.000-4.000")


def test_only_an_angle_with_a_joint_of_its_own_can_be_drawn_there(open_player):
    player = open_player(query="&t=1&charts=knee_flexion,trunk_lean")
    titles = player.root.locator(".pc-panel-title")
    lean = titles.filter(has_text="Trunk lean")
    expect(lean.locator(".pc-value")).to_have_text("0°")
    expect(titles.filter(has_text="Knee").get_by_role("button")).to_have_count(2)
    expect(lean.get_by_role("button")).to_have_count(0)


def test_the_range_of_motion_is_that_of_the_loop(open_player):
    player = open_player(query="&loop=0-0.2")
    ranges = player.root.locator(".pc-panel-title", has_text="Knee").locator(".pc-range")
    whole, part = "0–90", ranges.first.inner_text()
    assert part != whole
    player.page.keyboard.press("l")
    expect(ranges.first).to_have_text(whole)


def test_values_under_the_mouse(open_player):
    player = open_player()
    box = player.root.locator(".pc-charts").bounding_box()
    player.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    pointer = player.root.locator(".pc-pointer")
    expect(pointer).to_be_visible()
    expect(pointer).to_contain_text(re.compile(r"0:0\d\.\d|0:1\d\.\d"))
    expect(pointer).to_contain_text(re.compile(r"L \d+°  R \d+°|L –"))
    player.page.mouse.move(5, 5)
    expect(pointer).to_be_hidden()


# Notes


def test_a_note_is_written_shown_changed_and_deleted(open_player, sessions):
    player = open_player("noted", query="&t=1")
    root = player.root
    player.page.keyboard.press("n")
    root.get_by_label("What do you see?").fill("Knees <b>in</b>, 'now'")
    root.get_by_label("Tag").fill("knees")
    root.get_by_role("button", name="Save", exact=True).click()
    expect(root).to_have_attribute("data-note-count", "1")
    expect(root.get_by_text("Knees <b>in</b>, 'now'", exact=True)).to_be_visible()
    player.page.keyboard.press("Home")
    root.get_by_role("button", name="0:01.0", exact=True).click()
    player.wait_for_frame("frame === 30")
    root.get_by_role("button", name="Edit the note at 0:01.0").click()
    root.get_by_label("To (optional)").fill("0:00.5")
    root.get_by_role("button", name="Save", exact=True).click()
    expect(root.get_by_role("alert")).to_contain_text("swap the two times")
    root.get_by_label("To (optional)").fill("0:01.5")
    root.get_by_role("button", name="Save", exact=True).click()
    expect(root.get_by_role("button", name="0:01.0–0:01.5")).to_be_visible()
    mark = root.locator(".pc-note-mark")
    expect(mark).to_have_count(1)
    assert mark.bounding_box()["width"] > 100
    player.page.reload()
    again = Player(player.page).root
    expect(again.get_by_text("Knees <b>in</b>, 'now'", exact=True)).to_be_visible()
    again.get_by_role("button", name="Delete the note at 0:01.0").click()
    expect(again.get_by_text("Delete this note?")).to_be_visible()
    again.get_by_role("button", name="Delete", exact=True).click()
    expect(again).to_have_attribute("data-note-count", "0")


def test_a_note_being_written_survives_and_is_saved_once(open_player):
    player = open_player("noted", query="&t=0.5")
    n_notes = int(player.read("note-count"))
    player.page.keyboard.press("n")
    field = player.root.get_by_label("What do you see?")
    field.fill("Half a")
    player.page.emulate_media(color_scheme="dark")
    player.wait_for_drawings(20)
    expect(field).to_have_value("Half a")
    player.root.get_by_label("From").fill("9:00")
    field.press("Enter")
    expect(player.root.get_by_role("alert")).to_contain_text("The session ends at 0:01.9")
    player.root.get_by_label("From").fill("0:01")
    field.evaluate("field => [1, 2, 3].forEach(() => field.form.requestSubmit())")
    expect(player.root).to_have_attribute("data-note-count", str(n_notes + 1))
    player.page.reload()
    assert int(Player(player.page).read("note-count")) == n_notes + 1


def test_the_angle_at_the_joint_survives_another_chart_and_goes_with_its_own(open_player):
    player = open_player(query="&t=3")
    reading = player.root.locator("button[data-name=left_elbow_flexion]")
    reading.click()
    player.root.get_by_text("Charts", exact=True).click()
    player.root.get_by_label("Wrist", exact=True).check()
    expect(reading).to_have_attribute("aria-pressed", "true")
    player.root.locator("input[value=elbow_flexion]").uncheck()
    player.wait_for_drawings()
    expect(player.root.locator(".pc-angle-label")).to_be_empty()


def test_typing_a_note_does_not_move_the_player(open_player):
    player = open_player("noted", query="&t=1")
    player.page.keyboard.press("n")
    player.page.keyboard.type("all , . b l a ?")
    field = player.root.get_by_label("What do you see?")
    expect(field).to_have_value("all , . b l a ?")
    assert (player.frame, player.read("loop"), player.read("playing")) == (30, "", "false")
    field.press("Escape")
    expect(field).to_have_count(0)


# Taking away


def save(player, name):
    player.root.get_by_text("Save", exact=True).click()
    with player.page.expect_download(timeout=60_000) as download:
        player.root.get_by_role("button", name=name, exact=True).click()
    return download.value


def test_a_picture_of_the_view(open_player):
    path = save(open_player(query="&t=3"), "Picture (PNG)").path()
    with av.open(str(path)) as picture:
        frame = next(picture.decode(video=0)).to_ndarray(format="rgb24")
    assert frame.shape[1] > 600
    colours = {tuple(pixel) for pixel in frame.reshape(-1, 3)[::7]}
    assert any(b > 150 and r < 60 for r, _, b in colours), "left is blue"
    assert any(r > 180 and b < 60 for r, _, b in colours), "right is vermilion"


@pytest.mark.parametrize(("name", "codec"), [("Clip (MP4)", "h264"), ("Clip (GIF)", "gif")])
def test_a_clip_of_the_loop(open_player, name, codec):
    path = save(open_player("filmed", query="&t=3&loop=2-3"), name).path()
    with av.open(str(path)) as clip:
        assert clip.streams.video[0].codec_context.name == codec
        last_s = [float(frame.time) for frame in clip.decode(video=0)][-1]
    assert 0.85 < last_s <= 1.05


def test_a_clip_that_is_too_long_says_so(open_player):
    player = open_player("filmed")
    player.root.get_by_text("Save", exact=True).click()
    with player.page.expect_response("**/replay-clip/*", timeout=60_000) as answer:
        player.root.get_by_role("button", name="Clip (GIF)").click()
    if answer.value.status == 422:
        player.watch.errors.clear()  # the browser logs each answer that is no success
    expect(player.root.locator(".pc-takeaway [role=status]")).not_to_have_text("Making it ...")


def test_the_file_replays_without_server_and_network(open_player, browser, tmp_path):
    player = open_player(query="&t=3")
    saved = tmp_path / "replay.html"
    save(player, "Replay as a file (HTML)").save_as(saved)
    assert saved.stat().st_size < 6_000_000 + 600 * 270
    context = browser.new_context(offline=True)
    page = context.new_page()
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{saved.as_uri()}#t=3&speed=2&charts=knee_flexion")
    offline = Player(page)
    assert (offline.frame, offline.read("frame-count"), offline.read("speed")) == (90, "600", "2")
    expect(page.get_by_role("heading", name="Squats & <b>bold</b>")).to_be_visible()
    assert page.locator("h1 b").count() == 0
    offline.button("Play").click()
    offline.wait_for_frame("frame > 100")
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []
    context.close()


def test_copy_link_gives_what_is_shown(open_player, sessions):
    player = open_player(query="&t=3&loop=2-4")
    player.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    player.root.get_by_text("Save", exact=True).click()
    player.root.get_by_role("button", name="Copy link").click()
    expect(player.root).to_contain_text("The link is copied.")
    link = player.page.evaluate("navigator.clipboard.readText()")
    assert f"session={sessions.squats}" in link and "loop=2-4" in link


def test_a_screen_reader_hears_what_everything_is(open_player):
    player = open_player("filmed", query="&loop=2-4")
    nameless = player.root.evaluate(
        """root => [...root.querySelectorAll("button, input, select, summary, canvas")]
            .filter((each) => !each.closest("[role=img]:not(canvas)"))
            .filter((each) => !(each.ariaLabel || each.labels?.length || each.textContent.trim()))
            .map((each) => each.outerHTML)"""
    )
    assert nameless == []


def test_each_reading_says_how_far_it_may_be_off(open_player):
    player = open_player(query="&t=1")
    value = player.root.locator("[data-angle=left_knee_flexion]")
    expect(value).to_have_text(re.compile(r"^90° ± \d+$"))
    bands = "root => root.querySelector('.pc-charts .pc-plot').data.filter((t) => t.fill).length"
    assert player.root.evaluate(bands) == 8
    player.root.get_by_text("Charts", exact=True).click()
    player.root.locator("input[value=ankle_dorsiflexion]").check()
    expect(player.root.locator("[data-angle=left_ankle_dorsiflexion]")).to_have_text(
        re.compile(r"^-?\d+°$")
    )
