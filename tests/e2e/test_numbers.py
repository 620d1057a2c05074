"""The numbers below the replay: their moments lead into it, their marks explain, nothing is cut."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from posecore import open_store
from posecore.synthetic import make_squats
from tests.e2e.player_page import store_session


@pytest.fixture(scope="module")
def sessions(data_dir):
    """Squats of two seconds each."""
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        return SimpleNamespace(squats=store_session(store, make_squats(12.0, rate_hz=0.5)))


@pytest.fixture(scope="module")
def fill_data(sessions):
    """The sessions are there before the dashboard opens them."""
    return sessions


def open_numbers(player):
    player.page.get_by_text("Numbers of this session").click()
    expect(player.page.locator("dl.figures")).to_be_visible(timeout=20_000)


def test_a_moment_leads_into_the_replay_without_loading_the_page_again(open_player):
    player = open_player()
    open_numbers(player)
    player.page.evaluate("window.stays = true")
    player.page.get_by_role("link", name="0:04.0").click()
    player.page.wait_for_function(
        "root => Math.abs(Number(root.dataset.timeS) - 4) < 0.1", arg=player.root.element_handle()
    )
    assert player.page.evaluate("window.stays")
    expect(player.page.get_by_role("link", name="0:04.0")).to_be_visible()


def test_a_moment_opened_elsewhere_shows_the_same(open_player):
    player = open_player()
    open_numbers(player)
    link = player.page.get_by_role("link", name="0:06.0")
    address = link.evaluate("link => link.href")
    player.page.goto(address)
    expect(player.root).to_have_attribute("data-ready", "true", timeout=30_000)
    assert player.time_s == pytest.approx(6.0, abs=0.1)


def test_the_mark_says_what_a_number_means_and_where_it_is_from(open_player):
    player = open_player()
    open_numbers(player)
    about = player.page.get_by_role("tooltip").first
    expect(about).to_be_hidden()
    player.page.locator("dl.figures button").first.click()
    expect(about).to_be_visible()
    expect(about).to_contain_text("Source: ")
    player.page.keyboard.press("Escape")
    expect(about).to_be_hidden()


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(open_player, colour_scheme):
    player = open_player(width=390, height=844, colour_scheme=colour_scheme)
    open_numbers(player)
    for name in ("Repetitions", "Holds and pauses", "Movement", "Smoothness", "Climbing"):
        player.page.get_by_role("tab", name=name).click()
        tables = player.page.locator("table:visible")
        expect(tables.first).to_be_visible()
        for table in tables.all():
            assert table.bounding_box()["width"] <= 390 - 2 * 16, name
    assert player.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
