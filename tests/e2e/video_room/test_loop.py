"""One clock: a part played over and over, by mouse, keys and finger, at any speed."""

import pytest
from playwright.sync_api import expect


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


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("&speed=fast&loop=4-2", "This link could not be read whole: not its speed and loop."),
        ("&t=soon&speed=3", "This link could not be read whole: not its moment and speed."),
        ("&charts=tail", "This link could not be read whole: not its charts."),
        ("&t=2&speed=0.5&loop=2-4&charts=knee_flexion", ""),
        ("&t=&speed=&loop=", ""),
    ],
)
def test_what_a_link_says_wrongly_is_told(open_player, query, words):
    player = open_player(query=query)
    expect(player.root.locator(".pc-notice")).to_have_text(words)
    if words:
        assert player.read("speed") == "1" and player.read("loop") == ""
        player.seek(3.0)
        expect(player.root.locator(".pc-notice")).to_have_text("")
