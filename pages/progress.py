"""Progress: any number of an athlete, session after session."""

import streamlit as st

from pages.components.data_table import download_table
from pages.components.metric_choice import choose_metric
from pages.components.progress_view import choose_who, show_progress, show_reference, show_values
from pages.components.session_values import measure_missing
from pages.components.state import get_store
from pages.components.ways_in import stop_with_ways_in

st.title("Progress")

sessions = [each for each in get_store().get_sessions() if each.status == "completed"]
if not sessions:
    stop_with_ways_in()

athlete, tag, number, way = st.columns([3, 2, 4, 2], vertical_alignment="bottom")
who = choose_who(sessions, athlete, tag)
choice = choose_metric("progress", number, way)
values = show_progress(who, choice)
show_reference(who)
table = show_values(who, choice, values)
measure_missing(who.sessions)
download_table(table)
