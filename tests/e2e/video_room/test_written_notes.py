"""Notes at a moment and over a stretch."""

from playwright.sync_api import expect

from tests.e2e.player_page import Player


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


def test_typing_a_note_does_not_move_the_player(open_player):
    player = open_player("noted", query="&t=1")
    player.page.keyboard.press("n")
    player.page.keyboard.type("all , . b l a ?")
    field = player.root.get_by_label("What do you see?")
    expect(field).to_have_value("all , . b l a ?")
    assert (player.frame, player.read("loop"), player.read("playing")) == (30, "", "false")
    field.press("Escape")
    expect(field).to_have_count(0)
