"""Home: empty, one session, many."""

import pytest

from posecore.isolation import can_block_network


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def text(app) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def test_an_empty_database_greets_with_three_ways_in(open_page):
    app = open_page()
    assert labels(app) == ["Record now", "Import a video", "Load the sample sessions"]
    assert "Latest sessions" not in [heading.value for heading in app.subheader]


def test_the_last_session_is_one_click_from_its_replay(open_page, add_session):
    add_session("Older")
    add_session("Autumn wall 3", athlete="Mira")
    app = open_page()
    assert "### Autumn wall 3" in text(app)
    assert labels(app)[0] == "Replay"
    assert "Load the sample sessions" not in labels(app)


def test_totals_count_sessions_and_athletes(open_page, add_session):
    for athlete in ("Mira", "Jo", "Mira"):
        add_session(athlete=athlete)
    metrics = {metric.label: metric.value for metric in open_page().metric}
    assert metrics == {"Athletes": "2", "Recorded": "0:06", "Sessions": "3"}


def test_at_most_six_cards_are_shown(open_page, add_session):
    for number in range(8):
        add_session(f"Wall {number}")
    assert labels(open_page()).count("Replay") == 1 + 6


def test_a_hostile_name_is_shown_as_text(open_page, add_session):
    add_session('<img src=x onerror="alert(1)"> **bold** [link](https://example.org) $x$')
    shown = text(open_page())
    assert "**bold**" not in shown
    assert "<img" not in shown.replace(r"\<img", "")


def test_the_privacy_notice_is_shown_until_it_is_understood(open_page, page_store):
    page_store.save_preference("privacy_notice", "")
    app = open_page()
    assert "MediaPipe" in text(app)
    notice = next(each.value for each in app.markdown if "Before you start" in each.value)
    assert len(notice) < 200, "short on a phone; the rest is folded away"
    app.button[0].click().run()
    assert "MediaPipe" not in text(app)
    assert "MediaPipe" not in text(open_page())


def test_without_isolation_nothing_is_shown_before_it_is_agreed_to(open_page, page_store):
    page_store.save_preference("block_network", "no")
    app = open_page()
    assert "Record now" not in labels(app)
    next(each for each in app.button if each.label == "We agree").click().run()
    assert "Record now" in labels(app)


def test_isolation_that_was_switched_off_can_be_switched_on_again(open_page, page_store):
    if not can_block_network():
        pytest.skip("this system cannot keep a process off the network")
    page_store.save_preference("block_network", "no")
    app = open_page()
    next(each for each in app.button if each.label == "Keep it off the network").click().run()
    assert "Record now" in labels(app)
    assert page_store.load_preferences()["block_network"] == "yes"
