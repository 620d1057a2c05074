"""Compare: two sessions on one clock, and where they differ more than the measuring error."""

import streamlit as st

from pages.components.compared import ComparisonOffer
from pages.components.comparison_choices import ask_wishes, begin_with_link, choose_two
from pages.components.comparison_report import download_comparison_report
from pages.components.comparison_table import show_table, show_verdict
from pages.components.lending import note_opened
from pages.components.page_end import end_page
from pages.components.player import comparison_player
from pages.components.processing_choice import choose_processing
from pages.components.state import get_store
from pages.components.text import plain
from posecore.errors import PoseCoreError

begin_with_link()
a, b = choose_two()
note_opened(a, b)
with st.sidebar:
    wishes = ask_wishes(a, b)
    processing = choose_processing()

# The player is on its way to the browser while the two are still being compared.
verdict = st.container(key="verdict").empty()
player = st.empty()
offer = ComparisonOffer(get_store(), a, b, wishes, processing)
with player:
    comparison_player(offer, a, b)
try:
    with verdict, st.spinner("Bringing the two together ..."):
        comparison = offer.compute().comparison
except PoseCoreError as error:
    player.empty()
    verdict.warning(plain(str(error)))
    end_page()

with verdict.container():
    show_verdict(comparison)
show_table(comparison, a, b)
with st.sidebar:
    download_comparison_report(offer)
