"""Plotly figures: a function gathers what to show, another draws it."""
