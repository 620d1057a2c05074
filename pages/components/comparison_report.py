"""The report of two compared sessions: one file to print or send."""

from functools import partial
from zoneinfo import ZoneInfo

from pages.components.compared import ComparisonOffer
from pages.components.lending import note_downloaded
from pages.components.own_downloads import download_button
from pages.components.state import get_settings
from pages.components.words import get_zone
from posecore.export import safe_file_name


def download_comparison_report(offer: ComparisonOffer) -> None:
    """Show the button for the report of A, compared with B the way the page shows it."""
    download_button(
        "Report (HTML)",
        partial(_make_report, offer, get_zone()),
        file_name=safe_file_name(f"{offer.a.name} and {offer.b.name}", "compared", "report.html"),
        mime="text/html",
        help="A in pictures, charts and plain words, and how B differs from it, to print or send: "
        "one file that opens in any browser.",
    )


def _make_report(offer: ComparisonOffer, zone: ZoneInfo | None) -> str:
    # Loaded only where it is used: it brings what draws the pictures.
    from posecore.report import Recorded, make_report

    for session in (offer.a, offer.b):
        note_downloaded(session, "report of a comparison")
    compared = offer.compute()
    return make_report(
        offer.a,
        compared.a,
        offer.store.notes.list(offer.a.id),
        other=Recorded(offer.b, compared.b),
        comparison=compared.comparison,
        is_mirrored=offer.wishes.is_mirrored,
        video_file=offer.find_video("a"),
        max_error_deg=get_settings().max_error_deg,
        zone=zone,
    )
