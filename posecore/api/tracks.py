"""Which sessions several cameras filmed at once."""

from typing import Any

from fastapi import APIRouter, Request, Response

from posecore.api.caching import PRIVATE, answer_unchanged, make_tag
from posecore.api.callers import Reader
from posecore.api.models import TrackFacts, TrackList

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


@router.get("/{session_id}/tracks", response_model=TrackList)
def list_tracks(session_id: str, reader: Reader, request: Request, response: Response) -> Any:
    """List the sessions that were filmed at once with this one, itself among them."""
    tracks = reader.store.tracks.list(session_id)
    tag = make_tag(tracks)
    if unchanged := answer_unchanged(request, tag):
        return unchanged
    response.headers.update({"ETag": tag, **PRIVATE})
    return TrackList(
        recording_id=tracks[0].recording_id if tracks else None,
        tracks=[
            TrackFacts(
                session_id=track.session_id,
                offset_s=track.offset_s,
                offset_error_s=track.offset_error_s,
                how=track.how,  # type: ignore[arg-type]
                drift=track.drift,
            )
            for track in tracks
        ],
    )
