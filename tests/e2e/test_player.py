"""The replay player in a real browser on the real dashboard; all state is read from its root."""

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from posecore import open_store
from posecore.synthetic import make_squats
from tests.e2e.player_page import Player, leave_out, read_eye, rerun, store_session

HOSTILE = "<b>x</b> *y* $z^2$ :material/home: :red[q] https://example.com --> 'é \U0001f9d7"


@pytest.fixture(scope="module")
def sessions(data_dir):
    return SimpleNamespace()


@pytest.fixture(scope="module")
def fill_data(data_dir, sessions):
    squats = make_squats(20.0, 30.0)
    recordings = {
        "squats": leave_out(squats, slice(300, 330)),
        "hostile": make_squats(4.0, 30.0),
        "single": squats[:1],
        "nobody": leave_out(squats[:60], slice(None)),
        "long": make_squats(600.0, 30.0),
        "doomed": make_squats(600.0, 30.0),
    }
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "agreed")
        for key, sequence in recordings.items():
            name = HOSTILE if key == "hostile" else f"Session {key}"
            setattr(sessions, key, store_session(store, sequence, name=name, athlete=name))


def test_plays_and_holds(open_player):
    player = open_player()
    assert (player.frame, player.read("frame-count"), player.read("playing")) == (0, "600", "false")
    player.button("Play").click()
    player.wait_for_frame("frame > 10")
    assert player.read("playing") == "true"
    player.button("Pause").click()
    expect(player.root).to_have_attribute("data-playing", "false")
    held = player.frame
    player.wait_for_drawings(10)
    assert player.frame == held


def test_stops_at_the_end_and_starts_again(open_player):
    player = open_player(query="&t=19.5")
    assert player.frame == 585
    player.choose_speed("2")
    player.button("Play").click()
    player.wait_for_frame("frame === 599")
    expect(player.root).to_have_attribute("data-playing", "false")
    player.button("Play").click()
    player.wait_for_frame("frame > 2 && frame < 300")


def test_steps_and_jumps(open_player):
    player = open_player()
    player.button("Step forward").click()
    player.button("Step forward").click()
    player.wait_for_frame("frame === 2")
    player.button("Step back").click()
    player.wait_for_frame("frame === 1")
    expect(player.root).to_contain_text("frame 2 / 600")
    player.button("Jump to end").click()
    player.wait_for_frame("frame === 599")
    expect(player.root).to_contain_text("0:19.9 / 0:19.9")
    player.button("Jump to start").click()
    player.wait_for_frame("frame === 0")


def test_keyboard(open_player):
    player = open_player()
    keys = player.page.keyboard
    keys.press("ArrowRight")
    player.wait_for_frame("frame === 30")
    keys.press(".")
    player.wait_for_frame("frame === 31")
    keys.press(",")
    keys.press("ArrowLeft")
    player.wait_for_frame("frame === 0")
    keys.press(" ")
    expect(player.root).to_have_attribute("data-playing", "true")
    keys.press(" ")
    expect(player.root).to_have_attribute("data-playing", "false")


def test_slider_seeks_and_the_address_follows(open_player, sessions):
    player = open_player()
    slider = player.root.get_by_label("Seek")
    box = slider.bounding_box()
    player.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    player.wait_for_frame("frame > 280 && frame < 320")
    expect(player.page).to_have_url(re.compile(rf"session={sessions.squats}&t={player.time_s:g}"))
    where = player.frame
    player.page.reload()
    assert Player(player.page).frame == where


def test_a_click_on_a_chart_seeks_and_a_drag_scrubs(open_player):
    player = open_player()
    box = player.root.locator(".pc-charts").bounding_box()
    mouse = player.page.mouse
    mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.4 * box["height"])
    player.wait_for_frame("frame > 400 && frame < 480")
    mouse.down()
    mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    mouse.up()
    player.wait_for_frame("frame > 100 && frame < 200")


def test_values_follow_and_gaps_stay_gaps(open_player):
    player = open_player(query="&t=1")  # the lowest point of the first squat
    value = player.root.locator("[data-angle=left_knee_flexion]")
    expect(value).to_have_text(re.compile(r"^90°"))
    player.button("Jump to start").click()
    expect(value).to_have_text(re.compile(r"^0°"))
    for _ in range(10):
        player.page.keyboard.press("ArrowRight")
    player.wait_for_frame("frame === 300")
    expect(player.root).to_contain_text("Nobody in view")
    expect(value).to_have_text("\N{EN DASH}")


def test_turning_while_it_plays_is_kept(open_player):
    player = open_player()
    player.button("Play").click()
    scene = player.root.locator(".pc-scene")
    home = read_eye(scene)
    box = scene.bounding_box()
    mouse = player.page.mouse
    mouse.move(box["x"] + 100, box["y"] + 200)
    mouse.down()
    mouse.move(box["x"] + 220, box["y"] + 220, steps=5)
    mouse.up()
    player.wait_for_drawings()
    eye = read_eye(scene)
    assert eye != pytest.approx(home, abs=0.1)
    frame = player.frame
    player.wait_for_frame(f"frame > {frame + 10}")
    assert read_eye(scene) == pytest.approx(eye)
    player.button("Top").click()
    player.wait_for_drawings()
    assert read_eye(scene)[2] > 1


def test_zoom_of_the_charts_is_kept_in_play(open_player):
    player = open_player()
    player.button("Show less time").click()
    player.button("Show less time").click()
    ticks = player.root.locator(".pc-charts .xtick text")
    expect(ticks.last).to_have_text(re.compile("0:0[45]"))
    player.button("Play").click()
    player.wait_for_frame("frame > 10")
    expect(ticks.last).to_have_text(re.compile("0:0[45]"))


def test_names_are_text(open_player):
    player = open_player("hostile")
    page = player.page
    expect(page.get_by_role("heading", name="material/home")).to_have_text(
        re.compile(r"^\W*<b>x</b> \*y\* \$z\^2\$ :\W?material/home: :\W?red\[q\]")
    )
    assert page.locator("h3 a[href^='http'], h3 strong, h3 em, h3 .katex, h3 b").count() == 0
    expect(page.get_by_text(HOSTILE, exact=True)).to_be_visible()  # the athlete, in the facts


def test_one_frame(open_player):
    player = open_player("single")
    assert (player.frame, player.read("frame-count")) == (0, "1")
    expect(player.button("Play")).to_be_disabled()


def test_nobody_all_along(open_player):
    player = open_player("nobody")
    expect(player.root).to_contain_text("Nobody in view")
    expect(player.root).to_contain_text("No joint angles: nobody was in view")


def test_a_moment_past_the_end_is_the_end_and_says_so(open_player):
    player = open_player(query="&t=1e4")
    assert player.frame == 599
    expect(player.root).to_contain_text("166:40.0 is past the end of this session")
    player.page.keyboard.press("Home")
    expect(player.root).not_to_contain_text("past the end")
    assert open_player(query="&t=nonsense").frame == 0


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_phone(open_player, colour_scheme):
    player = open_player(width=390, height=844, colour_scheme=colour_scheme)
    scene, charts = (
        player.root.locator(part).bounding_box() for part in (".pc-scene", ".pc-charts")
    )
    play = player.button("Play").bounding_box()
    assert scene["y"] < play["y"] < charts["y"]
    assert play["y"] + play["height"] < 844
    assert player.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_colours_follow_the_theme_and_the_replay_goes_on(open_player):
    player = open_player()
    player.button("Play").click()
    player.wait_for_frame("frame > 5")
    before = player.root.evaluate("root => getComputedStyle(root).color")
    player.page.emulate_media(color_scheme="dark")
    player.page.wait_for_function(
        "([root, before]) => getComputedStyle(root).color !== before",
        arg=[player.root.element_handle(), before],
    )
    assert player.read("playing") == "true"
    assert player.frame > 5


def test_a_rerun_of_the_page_changes_nothing(open_player):
    player = open_player()
    player.button("Play").click()
    player.wait_for_frame("frame > 5")
    rerun(player)
    assert player.read("playing") == "true"
    assert player.frame > 5


def test_another_session_in_the_same_place(open_player, sessions):
    player = open_player(query="&t=5")
    player.page.evaluate(  # what going back to another session's entry does
        """(address) => {
            history.pushState(history.state, "", address);
            dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
        }""",
        f"?session={sessions.single}",
    )
    expect(player.root).to_have_attribute("data-frame-count", "1")
    expect(player.root).to_have_attribute("data-ready", "true")
    assert player.frame == 0


def test_leaving_the_page_ends_the_player(open_player):
    player = open_player()
    player.button("Play").click()
    player.wait_for_frame("frame > 5")
    player.page.get_by_role("link", name="Sessions").click()
    expect(player.page.get_by_role("heading", name="Sessions")).to_be_visible()
    expect(player.root).to_have_count(0)
    assert "t=" not in player.page.url


def test_of_a_long_recording_only_what_is_shown_is_read(open_player):
    player = open_player("long")
    sizes = []

    def note(answer):
        if "/replay-recording/" in answer.url:
            sizes.append(int(answer.headers["content-length"]))

    player.page.on("response", note)
    player.seek(500.0)
    player.wait_for_frame("frame === 15000")
    player.button("Play").click()
    player.wait_for_frame("frame > 15040")
    player.button("Pause").click()
    assert len(sizes) > 1
    assert sum(sizes) < 18_000 * 380 / 20


def test_a_session_deleted_while_it_is_open_is_a_sentence_and_not_asked_for_again(
    open_page, open_player
):
    player = open_player("doomed")
    manager, _ = open_page(player.page.url.split("/replay")[0] + "/sessions")
    row = manager.locator("[class*='st-key-row_']", has_text="Doomed")
    row.get_by_role("button", name="Delete").click(timeout=30_000)
    manager.get_by_role("button", name="Delete for good").click()
    expect(row).to_have_count(0, timeout=30_000)
    asked = []
    player.page.on("request", lambda request: asked.append(request.url))
    player.seek(300.0)
    expect(player.root.locator(".pc-notice")).to_contain_text("This session is not here any more")
    expect(player.root.locator(".pc-scene [role=status]")).to_have_text("Not here any more")
    n_asked = len(asked)
    player.wait_for_drawings()
    assert len(asked) == n_asked
    player.watch.errors.clear()  # the browser logs each answer that does not come


def test_a_dashboard_that_does_not_answer_is_told_and_asked_again(open_player):
    player = open_player("long")
    parts = re.compile(r"/replay-recording/.*\?from=")
    player.page.route(parts, lambda route: route.abort())
    player.seek(300.0)
    expect(player.root.locator(".pc-notice")).to_contain_text("The dashboard does not answer.")
    expect(player.root.locator(".pc-scene [role=status]")).to_have_text("Loading this part ...")
    player.page.unroute(parts)
    expect(player.root.locator(".pc-scene [role=status]")).to_have_text("")
    expect(player.root.locator(".pc-notice")).to_have_text("")
    assert player.frame == 9000
    player.watch.errors.clear()  # the browser logs each answer that does not come
