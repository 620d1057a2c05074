"""The skeleton from all sides, and what is charted beside it."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.player_page import Player, read_eye


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
    player = open_player(query="&t=0")
    scene = player.root.locator(".pc-scene")
    read_angle = "scene => scene.querySelector('.pc-plot')._fullLayout.scene._scene.glplot.fovy"
    outside = scene.evaluate(read_angle)
    home = read_eye(scene)
    player.button("Eyes").click()
    player.wait_for_drawings()
    eye = read_eye(scene)
    assert np.hypot(*eye[:2]) < 0.1 * np.hypot(*home[:2]), "it is where the athlete is"
    assert eye[2] > 0.2, "and as high as the head"
    assert scene.evaluate(read_angle) == pytest.approx(np.radians(135))
    expect(scene.get_by_role("status")).to_have_text("The body is out of the athlete's sight")
    player.button("Front").click()
    player.wait_for_drawings()
    assert np.hypot(*read_eye(scene)[:2]) > 1
    assert scene.evaluate(read_angle) == pytest.approx(outside)
    expect(scene.get_by_role("status")).to_have_text("")


def test_two_fingers_come_nearer_and_one_turns(open_player):
    player = open_player(width=390, height=844)
    scene = player.root.locator(".pc-scene")
    scene.scroll_into_view_if_needed()
    box = scene.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = player.page.context.new_cdp_session(player.page)

    def put(kind, *fingers):
        points = [{"x": x + at, "y": y, "id": number} for number, at in enumerate(fingers)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def read_distance():
        player.wait_for_drawings()
        return np.linalg.norm(read_eye(scene))

    home = read_distance()
    put("touchStart", -30, 30)
    put("touchMove", -45, 45)
    put("touchMove", -60, 60)
    put("touchEnd")
    near = read_distance()
    assert near == pytest.approx(home / 2, rel=0.1)
    before = read_eye(scene)
    put("touchStart", 0)
    put("touchMove", 40)
    put("touchMove", 80)
    put("touchEnd")
    assert read_distance() == pytest.approx(near, rel=0.01)
    assert read_eye(scene)[:2] != pytest.approx(before[:2], abs=0.1)


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


def test_a_screen_reader_hears_what_everything_is(open_player):
    player = open_player("filmed", query="&loop=2-4")
    nameless = player.root.evaluate(
        """root => [...root.querySelectorAll("button, input, select, summary, canvas")]
            .filter((each) => !each.closest("[role=img]:not(canvas)"))
            .filter((each) => !(each.ariaLabel || each.labels?.length || each.textContent.trim()))
            .map((each) => each.outerHTML)"""
    )
    assert nameless == []
