"""The report in a real browser: off the disk without a network, on paper, out of the replay."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from posecore import open_store
from posecore.report import Recorded, write_report
from posecore.storage.note import Note
from posecore.storage.session import Session
from posecore.synthetic import make_squats
from tests.e2e.dashboard import watch_page
from tests.e2e.player_page import leave_out, store_session

HOSTILE = "</style><script>document.title = 'caught'</script><img src=x onerror=caught()>"
SESSION = Session(
    id="1f0c22ab-0000-4000-8000-000000000000",
    name=HOSTILE,
    description="w" * 300,
    owner="local",
    athlete=HOSTILE,
    tags=("wall",),
    source="live",
    status="completed",
    created_at=datetime(2026, 11, 12, 14, 3, tzinfo=UTC),
    model="full",
)
PAGE_PX = (680, 1000)
"""Inside the margins of A4, at 96 pixels an inch: 180 mm wide."""


@pytest.fixture(scope="module")
def sessions(data_dir):
    with open_store(data_dir / "posecore.duckdb") as store:
        store.save_preference("privacy_notice", "understood")
        squats = make_squats(6.0)
        return SimpleNamespace(
            squats=store_session(store, squats, name="Squats", athlete="Mira"),
            nobody=store_session(store, leave_out(squats, slice(None)), name="Nobody"),
        )


@pytest.fixture(scope="module")
def fill_data(sessions):
    """The sessions are there before the dashboard opens them."""
    return sessions


@pytest.fixture(scope="module")
def report_file(tmp_path_factory):
    """A long report: many notes, a comparison, and names that would run if they could."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    notes = [
        Note(
            id=str(number),
            session_id=SESSION.id,
            start_s=number / 4,
            text=f"{number}: {'x' * 200} {HOSTILE}",
            tag="w" * 50,
            created_at=SESSION.created_at,
        )
        for number in range(20)
    ]
    other = Recorded(replace(SESSION, name="Slow"), make_squats(8.0, rate_hz=0.4))
    write_report(path, SESSION, make_squats(10.0), notes, other=other)
    return path


@pytest.fixture
def open_report(browser, report_file):
    """Open it from the disk with the network off; nothing may be asked, run or go wrong."""
    contexts, watches = [], []

    def open_one(width=1000, height=800):
        contexts.append(
            browser.new_context(viewport={"width": width, "height": height}, offline=True)
        )
        page = contexts[-1].new_page()
        watches.append(watch_page(page))
        page.goto(report_file.as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()
    for watch in watches:
        assert watch.errors == []
        assert watch.hosts == set()


def list_too_wide(page):
    """What reaches beyond the page's right edge, unless it can be scrolled to."""
    return page.evaluate(
        """(isPaper = matchMedia("print").matches) => [...document.querySelectorAll("body *")]
            .filter((each) => isPaper || !each.closest(".wide table, .chart svg"))
            .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
            .map((each) => each.outerHTML.slice(0, 80))"""
    )


def test_it_opens_without_a_network_and_nothing_in_it_runs(open_report):
    page = open_report()
    assert page.title() == f"{HOSTILE}: report"
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("script").count() == 0
    loaded = "() => [...document.images].every((each) => each.complete && each.naturalWidth > 0)"
    assert page.evaluate(loaded)
    assert 1 <= page.locator("img").count() <= 6
    # The one style is let in: without it a list of findings would have bullets.
    style = "() => getComputedStyle(document.querySelector('.findings')).listStyleType"
    assert page.evaluate(style) == "none"


def test_what_is_put_into_the_page_is_refused_by_its_policy(browser, report_file):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(report_file.as_uri())
        page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "document.title = 'caught'";
                document.body.append(script);
            }"""
        )
        assert page.title() != "caught"


@pytest.mark.parametrize("width", [390, 1000])
def test_nothing_is_cut_off_on_a_screen(open_report, width):
    page = open_report(width)
    assert list_too_wide(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_on_paper_nothing_is_cut_off_by_an_edge(open_report):
    page = open_report(*PAGE_PX)
    page.emulate_media(media="print")
    assert list_too_wide(page) == []
    for kind in ("figure", "table.whole", ".findings li", "tr"):
        inside = f"() => getComputedStyle(document.querySelector('{kind}')).breakInside"
        assert page.evaluate(inside) == "avoid", kind
        # One that is higher than a page would be cut all the same.
        heights = page.locator(kind).evaluate_all(
            "all => all.map((each) => each.getBoundingClientRect().height)"
        )
        assert 0 < max(heights) < PAGE_PX[1], kind
    colour = page.evaluate("() => getComputedStyle(document.body).color")
    assert colour == "rgb(0, 0, 0)"


def test_it_prints_on_a_few_pages_of_a4(open_report):
    printed = open_report().pdf(prefer_css_page_size=True)
    assert 6 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12
    box = re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)
    width_mm, height_mm = (float(each) / 72 * 25.4 for each in box.groups())
    assert (round(width_mm), round(height_mm)) == (210, 297)


def test_the_replay_hands_it_over(open_player):
    player = open_player()
    with player.page.expect_download(timeout=60_000) as download:
        player.page.get_by_role("button", name="Report (HTML)").click()
    assert re.fullmatch(r"squats_[0-9a-f]{8}_report\.html", download.value.suggested_filename)
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and text.endswith("</html>\n")
    assert "The movement was repeated 3 times." in text


def test_of_a_session_without_anybody_there_is_none(open_player):
    player = open_player("nobody")
    assert player.page.get_by_role("button", name="Report (HTML)").is_disabled()
