"""Compare many: 2 to 50 sessions by one number, and by the course of one angle."""

import streamlit as st

from pages.components.data_table import download_table
from pages.components.many_view import (
    choose_sessions,
    show_courses,
    show_distribution,
    show_ranking,
)
from pages.components.metric_choice import choose_metric
from pages.components.page_end import end_page
from pages.components.session_values import load_values, measure_missing
from pages.components.state import get_store
from pages.components.ways_in import stop_with_ways_in

st.title("Compare many")

sessions = [each for each in get_store().get_sessions() if each.status == "completed"]
if not sessions:
    stop_with_ways_in()

chosen = choose_sessions(sessions)
if len(chosen) < 2:
    st.info("Comparing needs at least two sessions; ask for fewer conditions, or record another.")
    end_page()

what, number, way = st.columns([4, 5, 3], vertical_alignment="bottom")
view = what.segmented_control(
    "Show", ["Ranking", "Spread", "Courses"], default="Ranking", required=True, key="many_view"
)
if view == "Courses":
    show_courses(chosen)
    end_page()

choice = choose_metric("many", number, way)
values = load_values(chosen, choice.metric.name)
if view == "Ranking":
    table = show_ranking(values, choice)
    measure_missing(chosen)
    download_table(table)
else:
    show_distribution(values, choice)
    measure_missing(chosen)
