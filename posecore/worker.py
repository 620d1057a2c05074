"""Run one function of posecore in a process of its own, off the network where that is possible.

A fresh interpreter is started instead of using :mod:`multiprocessing`, whose spawned children run
the parent's ``__main__`` again: under ``streamlit run``, in a notebook or in a script without a
main guard that is the whole program. The two ends talk over one pipe. The child ends when the pipe
closes, so it never outlives its parent, however that one ended.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, Final, Self

from posecore.errors import EstimatorError, PoseCoreError
from posecore.isolation import block_network

_PACKAGE_PARENT: Final = Path(__file__).resolve().parent.parent
_EXIT_TIMEOUT_S: Final = 2.0
_LAST_WORDS: Final = 300
_CHATTER: Final = re.compile(r"[WI]\d{4} |INFO:|WARNING:|\s*$")
"""What MediaPipe prints when all is well."""


class Worker:
    """A child process that runs ``target(connection, *args)``; a context manager.

    Parameters
    ----------
    target : str
        ``"module:function"`` within posecore.
    *args : object
        Handed to the function after its end of the pipe; must pickle.
    block_network : bool
        Whether the child gives up the network before it imports ``target``.
    """

    def __init__(self, target: str, *args: object, block_network: bool) -> None:
        self.connection, theirs = Pipe()
        # An unnamed file: whatever the libraries print, nothing can fill up or stay behind.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._is_network_blocked: bool | None = None
        try:
            self._process = _start(theirs, self._stderr.fileno())
        except OSError as error:
            self.connection.close()
            self._stderr.close()
            raise EstimatorError(
                f"The pose estimator's process could not be started ({error.strerror}); close "
                "other programs and try again."
            ) from error
        finally:
            # Ours to close: while we held it, the child's death would not end the pipe.
            theirs.close()
        try:
            self.send((target, args, block_network))
        except EstimatorError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    @property
    def is_network_blocked(self) -> bool:
        """What the child found when it tried the network, after giving it up."""
        self.wait_until_started()
        return bool(self._is_network_blocked)

    def wait_until_started(self) -> None:
        """Wait until the child has given up the network, where it was asked to.

        Raises
        ------
        EstimatorError
            If the child has ended.
        """
        if self._is_network_blocked is None:
            self._is_network_blocked = self._receive()

    def send(self, message: object, payload: memoryview | None = None) -> None:
        """Send an object, and optionally bytes after it.

        Raises
        ------
        EstimatorError
            If the child has ended.
        """
        try:
            self.connection.send(message)
            if payload is not None:
                self.connection.send_bytes(payload)
        except OSError as error:
            raise self._ended() from error

    def receive(self) -> Any:
        """Wait for the child's next object.

        Raises
        ------
        PoseCoreError
            What the child raised.
        EstimatorError
            If the child has ended.
        """
        self.wait_until_started()
        return self._receive()

    def _receive(self) -> Any:
        try:
            message = self.connection.recv()
        except (EOFError, OSError) as error:
            raise self._ended() from error
        if isinstance(message, PoseCoreError):
            raise message
        return message

    def close(self) -> None:
        """End the child; it has nothing that would need saving."""
        if self._stderr.closed:
            return
        self.connection.close()
        self._process.kill()
        self._process.wait()
        self._stderr.close()

    def _ended(self) -> EstimatorError:
        """Build the sentence for a child that is gone, with its last words."""
        try:
            self._process.wait(_EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if not _CHATTER.match(line)), "")
        return EstimatorError(
            "The pose estimator's process stopped unexpectedly "
            f"(exit code {self._process.returncode}{': ' * bool(said)}{said[:_LAST_WORDS]}); "
            "try again, and if it happens again choose a smaller model on the Settings page."
        )


def _start(connection: "Connection[Any, Any]", stderr: int) -> subprocess.Popen[bytes]:
    handle = connection.fileno()
    search_path = [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]
    inherit: dict[str, Any]
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        inherit = {"startupinfo": subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})}
    else:
        inherit = {"pass_fds": [handle]}
    return subprocess.Popen(
        # -P: modules in the folder where a person happens to work must not take the place of ours.
        [sys.executable, "-P", "-m", "posecore.worker", str(handle)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, search_path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        **inherit,
    )


def _open_pipe(handle: int) -> "Connection[Any, Any]":
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(handle)
    return Connection(handle)


def _run(connection: "Connection[Any, Any]") -> None:
    """Do what the parent's first message says."""
    target, args, wants_block = connection.recv()
    connection.send(wants_block and block_network())
    module, _, function = target.partition(":")
    try:
        getattr(import_module(module), function)(connection, *args)
    except PoseCoreError as error:
        connection.send(error)


def main() -> None:
    """Be the child."""
    # Ctrl-C in a terminal reaches us too; when to end is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = 0
    try:
        _run(_open_pipe(int(sys.argv[1])))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent closed the pipe or is gone
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        sys.stderr.flush()
        # Not the orderly way out, on which MediaPipe would try to send its usage metrics.
        os._exit(status)


if __name__ == "__main__":
    main()
