"""Notes on a session: list, write, read, change, delete."""

from typing import Any

from fastapi import APIRouter, Request, Response

from posecore.api.caching import PRIVATE, answer_unchanged, if_match, make_tag
from posecore.api.callers import Caller, Reader, Writer
from posecore.api.models import NewNote, NoteChanges, NoteFacts, NoteList
from posecore.errors import NoteNotFoundError
from posecore.storage.note import Note

router = APIRouter(prefix="/v1", tags=["notes"])


@router.get("/notes", response_model=NoteList)
def list_all_notes(reader: Reader, request: Request, response: Response) -> Any:
    """List the notes of all sessions."""
    return _answer_list(reader.store.notes.list_all(), request, response)


@router.get("/sessions/{session_id}/notes", response_model=NoteList)
def list_notes(session_id: str, reader: Reader, request: Request, response: Response) -> Any:
    """List the notes of a session, in the order they start."""
    return _answer_list(reader.store.notes.list(session_id), request, response)


@router.post("/sessions/{session_id}/notes", status_code=201, response_model=NoteFacts)
def add_note(
    session_id: str, new: NewNote, writer: Writer, request: Request, response: Response
) -> NoteFacts:
    """Write a note at a moment of a session, or over a stretch of it."""
    note = writer.store.notes.add(session_id, **new.model_dump())
    response.headers["Location"] = str(request.url_for("get_note", note_id=note.id).path)
    return _answer(note, response)


@router.get("/notes/{note_id}", response_model=NoteFacts)
def get_note(note_id: str, reader: Reader, request: Request, response: Response) -> Any:
    """Read a note."""
    note = _find(reader, note_id)
    return answer_unchanged(request, make_tag(note)) or _answer(note, response)


@router.patch("/notes/{note_id}", response_model=NoteFacts)
def update_note(
    note_id: str, changes: NoteChanges, writer: Writer, request: Request, response: Response
) -> NoteFacts:
    """Change a note."""
    with if_match(request, lambda: make_tag(_find(writer, note_id))):
        note = writer.store.notes.update(note_id, **changes.model_dump(exclude_unset=True))
    return _answer(note, response)


@router.delete("/notes/{note_id}", status_code=204)
def delete_note(note_id: str, writer: Writer, request: Request) -> Response:
    """Delete a note for good."""
    with if_match(request, lambda: make_tag(_find(writer, note_id))):
        writer.store.notes.delete(note_id)
    return Response(status_code=204)


def _find(caller: Caller, note_id: str) -> Note:
    wanted = note_id.lower()
    found = next((note for note in caller.store.notes.list_all() if note.id == wanted), None)
    if found is None:
        raise NoteNotFoundError(
            f"There is no note {note_id[:40]!r}; it may have been deleted. "
            "Open the session again to see its notes."
        )
    return found


def _answer(note: Note, response: Response) -> NoteFacts:
    response.headers.update({"ETag": make_tag(note), **PRIVATE})
    return NoteFacts.of(note)


def _answer_list(notes: list[Note], request: Request, response: Response) -> Any:
    tag = make_tag(notes)
    if unchanged := answer_unchanged(request, tag):
        return unchanged
    response.headers.update({"ETag": tag, **PRIVATE})
    return NoteList(notes=[NoteFacts.of(note) for note in notes])
