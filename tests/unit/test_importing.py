"""Videos become sessions: whole, failed with a reason, or not at all."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from posecore import PoseSequence, open_store
from posecore.errors import (
    EstimatorError,
    ImportCancelledError,
    InvalidFieldError,
    ModelUnavailableError,
    PoseCoreError,
    StorageFullError,
    VideoReadError,
)
from posecore.estimation import MediaPipePoseEstimator
from posecore.import_pieces import (
    IMAGE_TOLERANCE,
    JOIN_FRAMES,
    WARM_UP_S,
    WORLD_TOLERANCE_M,
    Piece,
    analyse_video,
    is_alike,
    join_pieces,
    plan_pieces,
)
from posecore.import_queue import ImportQueue, remove_abandoned_uploads
from posecore.importing import import_video
from posecore.models import find_model
from posecore.storage.session_store import IMPORT_INTERRUPTED
from posecore.synthetic import make_squats
from posecore.video import open_video
from tests.unit.videos import (
    make_pictures,
    repeat_video,
    turn_video,
    write_sound,
    write_video,
)

ROOT = Path(__file__).resolve().parents[2]


def find_workers():
    """Children of this process that analyse."""
    workers = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # one that has ended meanwhile, too
            if "posecore.worker" in child.cmdline():
                workers.append(child)
    return workers


@pytest.fixture(scope="module")
def long_video(test_video, tmp_path_factory):
    """The real video twice in a row: long enough for two pieces."""
    return repeat_video(test_video, tmp_path_factory.mktemp("long") / "twice.mp4", 2)


# A whole import


def test_a_video_becomes_a_session(store, settings, test_video):
    seen = []
    session_id = import_video(
        test_video,
        store,
        settings=settings,
        athlete="Ana",
        tags=["jump"],
        on_progress=seen.append,
    )
    session = store.get_session(session_id)
    assert (session.name, session.athlete, session.tags) == (test_video.stem, "Ana", ("jump",))
    assert (session.status, session.source, session.model) == ("completed", "video", "full")
    assert (session.frame_count, session.dropped_count) == (230, 0)
    assert (session.image_width, session.image_height) == (1768, 994)
    assert session.fps == pytest.approx(30)
    sequence = store.load_sequence(session_id)
    assert sequence.is_detected.sum() == session.detected_count > 200
    done = [progress.frames_done for progress in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1].n_frames == 230
    assert all(progress.rate_fps > 0 for progress in seen if progress.frames_done)
    assert find_workers() == []


def test_pieces_match_the_plain_loop(settings, long_video):
    video = open_video(long_video)
    model_path = find_model("full", settings)
    analysis = analyse_video(video, model_path, n_workers=2, block_network=True)
    with MediaPipePoseEstimator(model_path) as estimator, video.read_frames() as frames:
        poses = [estimator.estimate(frame_rgb, time_s) for time_s, frame_rgb in frames]
    plain = PoseSequence.from_frames(poses, image_size=video.image_size)
    ours = analysis.sequence
    np.testing.assert_array_equal(ours.time_s, plain.time_s)
    (join_s,) = analysis.joins_s
    join = int(np.searchsorted(ours.time_s, join_s)) + 1
    for name in ("image_landmarks", "world_landmarks", "visibility", "presence"):
        np.testing.assert_array_equal(getattr(ours, name)[:join], getattr(plain, name)[:join])
    after = slice(join, join + JOIN_FRAMES)
    is_seen = plain.is_detected[after]
    np.testing.assert_array_equal(ours.is_detected[after], is_seen)
    distance_m = np.linalg.norm(ours.world_landmarks[after] - plain.world_landmarks[after], axis=2)
    assert (np.median(distance_m[is_seen], axis=1) < 2 * WORLD_TOLERANCE_M).all()


def test_the_childrens_network_is_blocked_too(settings, test_video):
    connections, modes, counts = [], set(), [0]

    def watch(n_frames):
        counts.append(n_frames)
        for worker in find_workers():
            connections.extend(worker.net_connections(kind="inet"))
            status = Path(f"/proc/{worker.pid}/status").read_text()
            modes.update(status.split("Seccomp:")[1].split()[:1])

    analyse_video(
        open_video(test_video),
        find_model("full", settings),
        n_workers=1,
        block_network=True,
        on_frames=watch,
        should_stop=lambda: counts[-1] >= 40,
    )
    assert counts[-1] >= 40
    assert connections == []
    assert sys.platform != "linux" or modes == {"2"}


# How a video is cut and joined


@pytest.mark.parametrize(("duration_s", "n_workers"), [(60.0, 2), (60.0, 4), (13.0, 2)])
def test_all_pieces_take_equally_long(duration_s, n_workers):
    begins = plan_pieces(duration_s, n_workers)
    assert len(begins) == n_workers
    ends = [*begins[1:], duration_s]
    work = [end - max(0.0, begin - WARM_UP_S) for begin, end in zip(begins, ends, strict=True)]
    assert work == pytest.approx([work[0]] * n_workers)


@pytest.mark.parametrize(("duration_s", "n_workers"), [(None, 4), (0.0, 4), (7.7, 4), (60.0, 1)])
def test_short_and_unknown_lengths_are_one_piece(duration_s, n_workers):
    assert plan_pieces(duration_s, n_workers) == [0.0]


class FakeWorker:
    """Stands in for the child of a piece that is filled by hand."""

    is_closed = False

    def close(self):
        self.is_closed = True


def make_piece(begin_s, frames, rows, *, is_done=False):
    piece = Piece(begin_s, FakeWorker())
    piece.time_s = [frame / 30 for frame in frames]
    piece.rows = [rows[frame] for frame in frames]
    piece.dropped_counts = [0] * len(piece.rows)
    piece.is_done = is_done
    return piece


@pytest.fixture
def rows():
    """300 frames of a figure that moves: shape (300, 33, 8)."""
    rng = np.random.default_rng(0)
    still = rng.uniform(0, 1, (33, 8))
    return (still + np.linspace(0, 1, 300)[:, None, None] * 0.1).astype(np.float32)


def test_pieces_that_agree_are_joined_at_once(rows):
    earlier = make_piece(0.0, range(100), rows)
    later = make_piece(90 / 30, range(45, 200), rows)
    pieces = [earlier, later]
    join_pieces(pieces)
    assert pieces == [earlier, later]
    assert (earlier.end, later.first) == (91, 46)
    assert earlier.worker.is_closed
    assert not later.worker.is_closed


def test_an_earlier_piece_goes_on_until_they_agree(rows):
    other = rows.copy()
    other[:120] += 0.5  # the later piece follows somebody else until frame 120
    earlier = make_piece(0.0, range(100), rows)
    later = make_piece(90 / 30, range(45, 200), other)
    join_pieces([earlier, later])
    assert earlier.is_running
    longer = make_piece(0.0, range(150), rows)
    pieces = [longer, later]
    join_pieces(pieces)
    assert (longer.end, later.first) == (120 + JOIN_FRAMES, 120 + JOIN_FRAMES - 45)


def test_a_piece_that_never_agrees_is_given_up(rows):
    earlier = make_piece(0.0, range(200), rows, is_done=True)
    later = make_piece(90 / 30, range(45, 200), rows + 0.5, is_done=True)
    pieces = [earlier, later]
    join_pieces(pieces)
    assert pieces == [earlier]
    assert later.worker.is_closed


def test_a_piece_in_the_middle_that_is_passed_is_skipped(rows):
    first = make_piece(0.0, range(190), rows)
    middle = make_piece(90 / 30, range(45, 190), rows + 0.5)
    last = make_piece(180 / 30, range(135, 300), rows + 0.5, is_done=True)
    pieces = [first, middle, last]
    join_pieces(pieces)  # the two that follow somebody else agree with each other
    join_pieces(pieces)
    assert pieces == [first, last]
    assert first.is_running
    pieces[0] = make_piece(0.0, range(300), rows, is_done=True)
    join_pieces(pieces)
    assert len(pieces) == 1


def test_pieces_whose_times_differ_are_not_joined(rows):
    earlier = make_piece(0.0, range(100), rows)
    later = make_piece(90 / 30, range(45, 200), rows)
    later.time_s = [time_s + 0.001 for time_s in later.time_s]
    join_pieces([earlier, later])
    assert earlier.end is None


def test_alike_is_the_same_person_in_the_same_frames(rows):
    window = rows[:JOIN_FRAMES]
    nobody = np.full_like(window, np.nan)
    assert is_alike(window, window)
    assert is_alike(nobody, nobody)
    assert not is_alike(window, nobody)
    size = np.linalg.norm(np.ptp(window[0, :, :2], axis=0))
    for columns, limit in ((slice(0, 1), IMAGE_TOLERANCE * size), (slice(3, 4), WORLD_TOLERANCE_M)):
        for factor, expected in ((0.9, True), (1.1, False)):
            moved = window.copy()
            moved[-1, :, columns] += factor * limit
            assert is_alike(window, moved) is expected


# What cannot become a session


def make_text(path):
    path.write_text("this is no video, " * 1000)


def make_cut_off(path):
    write_video(path, make_pictures(120), codec="libvpx-vp9")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("make", "suffix", "reason"),
    [
        (make_text, ".mp4", "cannot be read as a video"),
        (Path.touch, ".mp4", "cannot be read as a video"),
        (write_sound, ".mp4", "no video"),
        (make_cut_off, ".webm", "cut off or damaged"),
        (lambda path: write_video(path, make_pictures(40)), ".mp4", "Nobody was seen in clip"),
        (lambda path: write_video(path, make_pictures(3, (31, 33))), ".mp4", "Nobody was seen"),
    ],
)
def test_a_bad_file_leaves_a_failed_session_with_the_reason(
    store, settings, tmp_path, make, suffix, reason
):
    path = tmp_path / f"clip{suffix}"
    make(path)
    with pytest.raises(VideoReadError, match=reason) as caught:
        import_video(path, store, settings=settings)
    (session,) = store.get_sessions()
    assert (session.status, session.frame_count) == ("failed", 0)
    assert session.status_reason == str(caught.value)
    assert store.load_sequence(session.id).n_frames == 0
    assert find_workers() == []


def test_without_a_model_the_session_fails_with_the_sentence(store, settings, test_video):
    with pytest.raises(ModelUnavailableError):
        import_video(test_video, store, settings=replace(settings, model="heavy"))
    (session,) = store.get_sessions()
    assert session.status == "failed"
    assert "heavy" in session.status_reason


def test_a_name_outside_its_limits_makes_no_session(store, settings, test_video):
    with pytest.raises(InvalidFieldError):
        import_video(test_video, store, settings=settings, name="x" * 10_000)
    assert store.get_sessions() == []


def test_a_long_file_name_is_cut_to_the_limit(store, settings, tmp_path):
    path = tmp_path / f"{'x' * 230}.mp4"
    path.touch()
    with pytest.raises(VideoReadError):
        import_video(path, store, settings=settings)
    assert store.get_sessions()[0].name == "x" * 200


def test_a_cancelled_import_leaves_nothing(store, settings, test_video):
    done = []
    with pytest.raises(ImportCancelledError, match="was cancelled"):
        import_video(
            test_video,
            store,
            settings=settings,
            on_progress=lambda progress: done.append(progress.frames_done),
            should_stop=lambda: bool(done and done[-1] > 20),
        )
    assert store.get_sessions() == []
    assert find_workers() == []


def test_a_full_disk_fails_the_session_and_keeps_no_frames(
    store, settings, test_video, monkeypatch
):
    def refuse(*args, **kwargs):
        raise StorageFullError("The disk is full; free some space.")

    # The one thing a test cannot do for real: the disk is everybody's.
    monkeypatch.setattr(store, "append_frames", refuse)
    with pytest.raises(StorageFullError):
        import_video(test_video, store, settings=settings)
    (session,) = store.get_sessions()
    assert (session.status, session.status_reason) == (
        "failed",
        "The disk is full; free some space.",
    )


def test_a_child_that_dies_fails_the_session(store, settings, test_video):
    def kill_child(progress):
        for worker in find_workers():
            worker.kill()

    with pytest.raises(PoseCoreError, match="stopped unexpectedly"):
        import_video(test_video, store, settings=settings, on_progress=kill_child)
    (session,) = store.get_sessions()
    assert session.status == "failed"
    assert find_workers() == []


def test_a_killed_import_leaves_nothing_that_looks_whole(settings, long_video, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    script = (
        "import sys\n"
        "from posecore import Settings, open_store\n"
        "from posecore.importing import import_video\n"
        "settings = Settings.from_env()\n"
        "store = open_store(settings.database)\n"
        "tell = lambda progress: print(progress.frames_done, flush=True)\n"
        "import_video(sys.argv[1], store, settings=settings, on_progress=tell)\n"
    )
    environment = os.environ | {
        "POSECORE_DATA": str(settings.data_dir),
        "POSECORE_WORKERS": "2",
        "TMPDIR": str(temporary),
    }
    with subprocess.Popen(
        [sys.executable, "-c", script, long_video],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        while int(parent.stdout.readline()) < 30:
            pass
        children = psutil.Process(parent.pid).children(recursive=True)
        assert len(children) == 2
        parent.kill()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
    assert list(temporary.iterdir()) == []
    with open_store(settings.database) as store:
        (session,) = store.get_sessions()
        assert (session.status, session.frame_count) == ("processing", 0)
        store.recover_sessions()
        assert store.get_session(session.id).status == "failed"


# The video that is kept


class Analysed:
    """Stands in for the analysis, which these tests are not about."""

    def __init__(self, video, **options):
        with video.read_frames() as frames:
            times_s = [time_s for time_s, _ in frames]
        n_frames = len(times_s)
        squats = make_squats(duration_s=n_frames / 30)[:n_frames]
        self.sequence = replace(squats, time_s=np.array(times_s), image_size=video.image_size)
        self.dropped_count = 0


@pytest.fixture
def analysed(monkeypatch):
    monkeypatch.setattr(
        "posecore.importing.analyse_video", lambda video, *_, **options: Analysed(video, **options)
    )


@pytest.fixture
def uneven_video(tmp_path):
    """90 pictures of a phone that was turned, at uneven times, larger than what is kept."""
    times_ms = np.cumsum(np.random.default_rng(3).integers(5, 90, 90)).tolist()
    path = tmp_path / "phone.mp4"
    return turn_video(write_video(path, make_pictures(90, (1600, 900)), times_ms=times_ms))


def test_a_kept_video_has_the_pictures_upright_at_the_frames_times(
    store, settings, uneven_video, analysed
):
    seen = []
    session_id = import_video(
        uneven_video, store, settings=settings, keep_video=True, on_progress=seen.append
    )
    session = store.get_session(session_id)
    assert (session.status, session.status_reason) == ("completed", "")
    path = store.get_video_file(session_id)
    assert list(settings.videos_dir.iterdir()) == [path]
    kept = open_video(path)
    assert kept.image_size == (720, 1280)
    with kept.read_frames() as frames:
        times_s, pictures = zip(*frames, strict=True)
    np.testing.assert_allclose(times_s, store.load_sequence(session_id).time_s, atol=1e-3)
    # The white corner is at the top right once the picture is turned upright.
    assert pictures[0][100, 650].mean() > 240 > 15 > pictures[0][100, 100].mean()
    assert [progress.frames_done for progress in seen] == list(range(1, 91))
    assert {progress.step for progress in seen} == {"video"}


def test_no_video_is_kept_unless_it_is_asked_for(store, settings, uneven_video, analysed):
    session_id = import_video(uneven_video, store, settings=settings)
    assert store.get_session(session_id).video_path is None
    assert not settings.videos_dir.exists()


def test_a_video_that_cannot_be_kept_does_not_fail_the_session(
    queue, store, settings, uneven_video, analysed
):
    settings.videos_dir.write_text("a file in the place of the folder")
    job = queue.submit(
        uneven_video, settings=settings, delete_file_afterwards=False, keep_video=True
    )
    done = wait_for(queue, job.id, "done", "failed")
    session = store.get_session(job.session_id)
    assert (session.status, session.frame_count, session.video_path) == ("completed", 90, None)
    assert "cannot be written" in session.status_reason
    assert (done.state, done.error) == ("done", session.status_reason)


def test_a_full_disk_after_the_video_does_not_fail_the_session(
    store, settings, uneven_video, analysed, monkeypatch
):
    def refuse(*_):
        raise StorageFullError("The disk is full; free some space.")

    with monkeypatch.context() as full:
        full.setattr(store, "set_video", refuse)
        session_id = import_video(uneven_video, store, settings=settings, keep_video=True)
    session = store.get_session(session_id)
    assert (session.status, session.frame_count) == ("completed", 90)
    assert session.status_reason == "The disk is full; free some space."
    store.recover_sessions()
    assert store.get_video_file(session_id) is not None


def test_cancelled_while_the_video_is_written_nothing_is_left(
    store, settings, uneven_video, analysed
):
    done = []
    with pytest.raises(ImportCancelledError):
        import_video(
            uneven_video,
            store,
            settings=settings,
            keep_video=True,
            on_progress=lambda progress: done.append(progress.frames_done),
            should_stop=lambda: len(done) >= 40,
        )
    assert done[-1] == 40
    assert store.get_sessions() == []
    assert list(settings.videos_dir.iterdir()) == []


def test_a_queue_that_closes_while_the_video_is_written_leaves_a_failed_session(
    store, settings, uneven_video, analysed
):
    def should_stop():
        if any(settings.videos_dir.glob("*.part.mp4")):
            raise EstimatorError(IMPORT_INTERRUPTED)
        return False

    with pytest.raises(EstimatorError):
        import_video(
            uneven_video, store, settings=settings, keep_video=True, should_stop=should_stop
        )
    (session,) = store.get_sessions()
    assert (session.status, session.frame_count) == ("failed", 0)
    assert list(settings.videos_dir.iterdir()) == []


def test_killed_while_the_video_is_written_nothing_looks_whole(settings, uneven_video):
    script = (
        "import sys\n"
        "from posecore import Settings, importing, open_store\n"
        "from tests.unit.test_importing import Analysed\n"
        "importing.analyse_video = lambda video, *_, **options: Analysed(video)\n"
        "settings = Settings.from_env()\n"
        "tell = lambda progress: print(progress.frames_done, flush=True)\n"
        "importing.import_video(sys.argv[1], open_store(settings.database), settings=settings,\n"
        "    keep_video=True, on_progress=tell)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, uneven_video],
        cwd=ROOT,
        env=os.environ | {"POSECORE_DATA": str(settings.data_dir)},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        while int(child.stdout.readline()) < 40:
            pass
        child.kill()
    assert len(list(settings.videos_dir.glob("*.part.mp4"))) == 1
    with open_store(settings.database) as store:
        (session,) = store.recover_sessions()
        assert (session.status, session.frame_count) == ("failed", 0)
    assert list(settings.videos_dir.iterdir()) == []


# The queue behind the dashboard


@pytest.fixture
def queue(store):
    """An empty queue."""
    queue = ImportQueue(store)
    yield queue
    queue.close()


def wait_for(queue, job_id, *states):
    """Until a job is in one of the states; the import itself says when to look again."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        (job,) = [job for job in queue.jobs if job.id == job_id]
        if job.state in states:
            return job
        time.sleep(0.02)
    raise AssertionError(f"still {job.state}")


def test_the_queue_imports_and_removes_the_upload(queue, store, settings, test_video, tmp_path):
    upload = tmp_path / "83fa.upload"
    upload.write_bytes(test_video.read_bytes())
    job = queue.submit(
        upload, settings=settings, delete_file_afterwards=True, name="Monday", athlete="Ana"
    )
    assert store.get_session(job.session_id).status == "processing"
    done = wait_for(queue, job.id, "done", "failed")
    assert (done.state, done.error) == ("done", "")
    assert done.progress.frames_done == 230
    session = store.get_session(job.session_id)
    assert (session.status, session.name, session.athlete) == ("completed", "Monday", "Ana")
    wait_until_gone(upload)


def wait_until_gone(path):
    deadline = time.monotonic() + 30
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not path.exists()


def test_a_bad_file_in_the_queue_does_not_stop_the_next(
    queue, store, settings, test_video, tmp_path
):
    bad = tmp_path / "bad.upload"
    bad.touch()
    first = queue.submit(bad, settings=settings, delete_file_afterwards=True, name="Tuesday")
    second = queue.submit(test_video, settings=settings, delete_file_afterwards=False)
    assert [job.id for job in queue.jobs] == [second.id, first.id]
    failed = wait_for(queue, first.id, "failed")
    assert failed.error.startswith("Tuesday cannot be read as a video")
    assert store.get_session(first.session_id).status_reason == failed.error
    queue.cancel(second.id)
    wait_for(queue, second.id, "cancelled")
    wait_until_gone(bad)
    assert test_video.exists()


def test_a_running_and_a_waiting_job_can_be_cancelled(queue, store, settings, test_video, tmp_path):
    uploads = [tmp_path / name for name in ("a.upload", "b.upload")]
    for upload in uploads:
        upload.write_bytes(test_video.read_bytes())
    running, waiting = (
        queue.submit(upload, settings=settings, delete_file_afterwards=True) for upload in uploads
    )
    wait_for(queue, running.id, "running")
    queue.cancel(waiting.id)
    assert [job.state for job in queue.jobs] == ["cancelled", "running"]
    queue.cancel(running.id)
    wait_for(queue, running.id, "cancelled")
    queue.cancel(running.id)  # again, to no effect
    queue.cancel("no such job")
    assert store.get_sessions() == []
    for upload in uploads:
        wait_until_gone(upload)
    assert find_workers() == []


def test_an_upload_with_bad_fields_is_removed(queue, store, settings, tmp_path):
    upload = tmp_path / "a.upload"
    upload.touch()
    with pytest.raises(InvalidFieldError):
        queue.submit(upload, settings=settings, delete_file_afterwards=True, name="x" * 1000)
    assert not upload.exists()
    assert queue.jobs == []
    assert store.get_sessions() == []


def test_closing_the_queue_fails_what_is_under_way(store, settings, test_video, tmp_path):
    uploads = [tmp_path / name for name in ("a.upload", "b.upload")]
    for upload in uploads:
        upload.write_bytes(test_video.read_bytes())
    queue = ImportQueue(store)
    jobs = [
        queue.submit(upload, settings=settings, delete_file_afterwards=True) for upload in uploads
    ]
    wait_for(queue, jobs[0].id, "running")
    queue.close()
    assert {session.status for session in store.get_sessions()} == {"failed"}
    assert all("import it again" in session.status_reason for session in store.get_sessions())
    assert not any(upload.exists() for upload in uploads)
    assert find_workers() == []


def test_uploads_left_behind_by_force_are_removed_at_the_next_start(settings):
    remove_abandoned_uploads(settings)  # no folder yet
    settings.uploads_dir.mkdir(parents=True)
    upload, other = settings.uploads_dir / "83fa.upload", settings.uploads_dir / "notes.txt"
    upload.touch()
    other.touch()
    remove_abandoned_uploads(settings)
    assert list(settings.uploads_dir.iterdir()) == [other]


def test_a_path_that_leads_nowhere_makes_no_session(store, settings, tmp_path):
    with pytest.raises(VideoReadError, match="There is no file nowhere"):
        import_video(tmp_path / "nowhere.mp4", store, settings=settings)
    assert store.get_sessions() == []
