"""What can be taken away: a picture, a clip, the replay as one file, a link."""

import av
import numpy as np
import pytest
from playwright.sync_api import expect

from posecore import Landmark
from posecore.synthetic import make_squats
from tests.e2e.player_page import Player


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


def test_in_the_picture_the_skeleton_lies_where_it_does_on_the_video(open_player):
    player = open_player("filmed", query="&t=3")
    expect(player.root).to_have_attribute("data-video", "ready")
    pane = player.root.locator(".pc-video canvas").evaluate("c => [c.clientWidth, c.clientHeight]")
    with av.open(str(save(player, "Picture (PNG)").path())) as picture:
        frame = next(picture.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    width, height = frame.shape[1] // 2, frame.shape[0] - 64  # below stand name and time
    red, green, blue = np.moveaxis(frame[:height, width:], -1, 0)
    rows, columns = np.nonzero((red > 180) & (abs(green - 94) < 30) & (blue < 50))
    shown = min(width / pane[0], height / pane[1]) * min(pane[0] / 16, pane[1] / 9)
    sides = [landmark for landmark in Landmark if "RIGHT" in landmark.name]
    right = make_squats(20.0, 30.0).image_landmarks[90, sides]
    x = (width - 16 * shown) / 2 + 16 * shown * right[:, 0]
    y = (height - 9 * shown) / 2 + 9 * shown * right[:, 1]
    assert [columns.min(), columns.max()] == pytest.approx([x.min(), x.max()], abs=10)
    assert [rows.min(), rows.max()] == pytest.approx([y.min(), y.max()], abs=10)


def test_the_charts_as_pictures(open_player):
    player = open_player(query="&t=3")
    text = save(player, "Charts (SVG)").path().read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "Elbow" in text and "Knee" in text
    player.page.keyboard.press("Escape")
    with av.open(str(save(player, "Charts (PNG)").path())) as picture:
        assert next(picture.decode(video=0)).width > 600


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
