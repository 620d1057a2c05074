"""What can go wrong, each with a sentence a coach understands.

::

    PoseCoreError
    ├── InvalidSequenceError      the numbers break the data contract
    ├── InvalidOptionError        a setting of an analysis is outside its limits
    ├── InvalidFieldError         a name, tag, note or description is not acceptable
    ├── SessionNotFoundError      no such session for this owner
    ├── NoteNotFoundError         no such note for this owner
    ├── ShareNotFoundError        no such share, or an invitation that is not valid
    ├── TokenNotFoundError        no such API token for this owner
    ├── StreamNotFoundError       no such live stream, or none that may be watched
    ├── DeviceNotFoundError       no such paired device
    ├── WrongPairingCodeError     a device showed another code than the computer's
    ├── NotSignedInError          nobody is signed in, or the token is unknown or expired
    ├── SignInSetupError          signing in is configured, but not whole
    ├── NotAllowedError           this person or token may not do that
    ├── InvalidMessageError       what came over a socket is no message it understands
    ├── TooManyRequestsError      more in a short time than is allowed
    ├── RemoteError               a dashboard elsewhere cannot be reached, or refused
    ├── StoreError                the database cannot do what was asked
    │   ├── DatabaseLockedError   another program holds the file
    │   ├── DatabaseUnreadableError  the file is no posecore database, or damaged
    │   ├── SchemaVersionError    the file was written by a newer posecore
    │   └── StorageFullError      the disk is full or not writable
    ├── CertificateError          no certificate for https in the own network
    ├── ModelUnavailableError     the pose model is missing or not the official file
    ├── EstimatorError            the pose estimator stopped or refused
    ├── VideoReadError            the file holds no video that can be read
    ├── VideoWriteError           a video cannot be kept
    ├── ImportCancelledError      the person stopped the import
    ├── ComparisonError           two recordings cannot be compared
    ├── LandmarkFileError         the file holds no landmarks that can be read
    ├── ClipError                 a clip cannot be made of this stretch
    └── ExportError               the file to hand over cannot be written

Every message says what was expected, what came, and what to do next.
"""


class PoseCoreError(Exception):
    """Anything posecore refuses to do; its text is one sentence for people."""


class InvalidSequenceError(PoseCoreError, ValueError):
    """Arrays that break the data contract of :class:`posecore.PoseSequence`."""


class InvalidOptionError(PoseCoreError, ValueError):
    """A setting of an analysis (a cut-off, a limit, ...) outside its stated limits."""


class InvalidFieldError(PoseCoreError, ValueError):
    """A field of a session or note (name, tag, text, ...) outside its stated limits."""


class SessionNotFoundError(PoseCoreError, LookupError):
    """No session has this id, or it belongs to somebody else."""


class NoteNotFoundError(PoseCoreError, LookupError):
    """No note has this id, or it stands on somebody else's session."""


class ShareNotFoundError(PoseCoreError, LookupError):
    """No share has this id, or an invitation is unknown, void or taken."""


class TokenNotFoundError(PoseCoreError, LookupError):
    """No API token has this id, or it is somebody else's."""


class StreamNotFoundError(PoseCoreError, LookupError):
    """No live stream has this name, or it is not one's own and nothing of it is shared."""


class DeviceNotFoundError(PoseCoreError, LookupError):
    """No paired device has this id."""


class WrongPairingCodeError(PoseCoreError):
    """A device that wants to be paired showed another code than this computer's."""


class NotSignedInError(PoseCoreError):
    """Nobody is signed in, or the token is unknown, expired or taken back."""


class SignInSetupError(PoseCoreError):
    """Signing in is configured but not whole, so nobody may come in."""


class NotAllowedError(PoseCoreError):
    """The person, or the token they gave a program, may not do that."""


class InvalidMessageError(PoseCoreError, ValueError):
    """What came over a socket is no message it understands; ``code`` is a short name for it."""

    def __init__(self, sentence: str, *, code: str = "invalid_message") -> None:
        super().__init__(sentence)
        self.code = code


class TooManyRequestsError(PoseCoreError):
    """More was asked in a short time than is allowed; ``retry_after_s`` says when to come back."""

    def __init__(self, sentence: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class RemoteError(PoseCoreError):
    """A dashboard on this or another machine cannot be reached, or refused what was asked."""


class StoreError(PoseCoreError):
    """The database cannot do what was asked."""


class DatabaseLockedError(StoreError):
    """Another process owns the database file."""


class DatabaseUnreadableError(StoreError):
    """The file is not a posecore database, or it is damaged."""


class SchemaVersionError(StoreError):
    """The database was written by a newer version of posecore."""


class StorageFullError(StoreError):
    """The disk is full, or the folder cannot be written to."""


class CertificateError(PoseCoreError):
    """The certificate for https in the own network cannot be made or read."""


class ModelUnavailableError(PoseCoreError):
    """The pose model is not on this machine, or is not the official file."""


class EstimatorError(PoseCoreError):
    """The pose estimator stopped or refused a frame."""


class VideoReadError(PoseCoreError):
    """The file holds no video that can be read."""


class VideoWriteError(PoseCoreError):
    """A video cannot be written."""


class ImportCancelledError(PoseCoreError):
    """The person stopped the import."""


class ComparisonError(PoseCoreError):
    """Two recordings that cannot be brought together: nobody in one, nothing in common."""


class LandmarkFileError(PoseCoreError):
    """The file holds no landmarks that can be read."""


class ClipError(PoseCoreError):
    """A clip that cannot be made: too long, nothing in it, or nowhere to write it."""


class ExportError(PoseCoreError):
    """A file to hand over cannot be written."""
