"""Which landmarks are looked at: as they were recorded, cleaned, or refined as well."""

from posecore.errors import InvalidOptionError
from posecore.sequence import PoseSequence
from posecore.settings import PROCESSINGS, Processing


def process(sequence: PoseSequence, processing: Processing | str) -> PoseSequence:
    """Clean or refine a recording in the standard way; the recording itself stays as it is.

    Parameters
    ----------
    sequence : PoseSequence
    processing : {"recorded", "cleaned", "refined"}
        "cleaned" is :func:`posecore.clean`; "refined" is that and :func:`posecore.refine`.

    Returns
    -------
    PoseSequence
        What was done stands in ``steps``.

    Raises
    ------
    InvalidOptionError
        If there is no such processing.
    """
    if processing not in PROCESSINGS:
        raise InvalidOptionError(
            f"Landmarks come {', '.join(PROCESSINGS)}, not {processing!r}; choose one of these."
        )
    if processing == "recorded":
        return sequence
    # Loaded only where they are used: they bring SciPy.
    from posecore.cleaning.chain import clean
    from posecore.refinement.fit import refine

    cleaned = clean(sequence)
    return refine(cleaned) if processing == "refined" else cleaned
