"""Choosing one number, and which way of it is better."""

from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.state import take_from_address
from posecore import METRICS
from posecore.metric_definition import GROUPS, Metric

_USUAL = "repetition_range"


class MetricChoice(NamedTuple):
    """A number, and which way of it is better: "higher", "lower", or "" where nobody says."""

    metric: Metric
    better: str


def choose_metric(key: str, number: DeltaGenerator, way: DeltaGenerator) -> MetricChoice:
    """Ask for the number, and which way is better, each in its place.

    The number stands in the address. Which way is better is what its authors say, until it is
    changed.
    """
    place = f"{key}_metric"
    take_from_address("metric", place, list(METRICS), _USUAL)
    name = number.selectbox(
        "Number",
        list(METRICS),
        format_func=lambda name: f"{GROUPS[METRICS[name].group]}: {METRICS[name].label}",
        key=place,
        on_change=lambda: st.query_params.update(metric=st.session_state[place]),
        persist_state="session",
    )
    metric = METRICS[name]
    better = way.segmented_control(
        "Better is",
        ["higher", "lower"],
        default=metric.better or None,
        key=f"{key}_better_{name}",
        help="Set at first where the number's authors say it; press again to leave it open.",
    )
    return MetricChoice(metric, better or "")


def explain_metric(metric: Metric) -> str:
    """Formula and source of a number."""
    formula = f"{metric.formula[0].upper()}{metric.formula[1:]}"
    return f"{formula}.\n\nSource: {metric.reference}."


def make_number_column(metric: Metric) -> Any:
    """How a table shows the number: narrow, for its name stands above the table."""
    label = f"Value, {metric.unit}" if metric.unit else "Value"
    about = f"{metric.label}: {metric.formula}"
    return st.column_config.NumberColumn(
        label, format=f"%.{metric.digits}f", width="small", help=about
    )
