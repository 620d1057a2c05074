"""The video beside the skeleton, never apart from it."""

import pytest
from playwright.sync_api import expect

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
