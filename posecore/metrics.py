"""Every number of a session: ask for them with :func:`compute_metrics`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from posecore.climbing import ClimbingThresholds
from posecore.measures import Material
from posecore.metric_definition import BODY_HEIGHTS
from posecore.metric_table import METRICS
from posecore.sequence import PoseSequence

if TYPE_CHECKING:
    import pandas as pd


def compute_metrics(
    sequence: PoseSequence,
    names: Iterable[str] | None = None,
    *,
    limits: ClimbingThresholds | None = None,
    body_height_m: float | None = None,
) -> "pd.DataFrame":
    """Numbers of a recording.

    Parameters
    ----------
    sequence : PoseSequence
    names : iterable of str, optional
        Keys of :data:`METRICS`; all of them when left out.
    limits : ClimbingThresholds, optional
        What counts as still, straight, locked.
    body_height_m : float, optional
        The athlete's stature; turns body heights into metres.

    Returns
    -------
    DataFrame
        Indexed by ``name``: ``group``, ``label``, ``value`` (NaN where there is none), ``unit``,
        and ``note``, the reason why there is none.

    Raises
    ------
    KeyError
        If a name is not in :data:`METRICS`.
    """
    material = Material(sequence, limits or ClimbingThresholds())
    return tabulate_metrics(material, names, body_height_m=body_height_m)


def tabulate_metrics(
    material: Material, names: Iterable[str] | None = None, *, body_height_m: float | None = None
) -> "pd.DataFrame":
    """Return the table of :func:`compute_metrics`, of material that is needed elsewhere as well."""
    import pandas as pd

    rows = []
    for metric in (METRICS[name] for name in (METRICS if names is None else names)):
        reading = material.problem or metric.function(material)
        value = np.nan if isinstance(reading, str) else reading
        unit = metric.unit
        if body_height_m is not None and unit == BODY_HEIGHTS:
            value, unit = value * body_height_m, "m"
        note = reading if isinstance(reading, str) else ""
        rows.append((metric.name, metric.group, metric.label, value, unit, note))
    columns = ["name", "group", "label", "value", "unit", "note"]
    return pd.DataFrame(rows, columns=columns).set_index("name").astype({"value": float})
