"""Make ``data/samples/*.parquet`` again from the real test video, by posecore's own import.

Run with ``POSECORE_TEST_VIDEO=demo.mp4 python -m scripts.make_samples``.
"""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import av

from posecore import Settings, open_store
from posecore.importing import import_video
from posecore.samples import SAMPLES_DIR, write_sample


class Sample(NamedTuple):
    """A stretch of the video, in seconds, and what the session made of it says."""

    file: str
    start_s: float
    end_s: float
    name: str
    athlete: str
    tags: tuple[str, ...]
    description: str


SAMPLES = (
    Sample(
        "1_whole_video",
        0.0,
        8.0,
        "Jumping jacks and a jump off a wall",
        "Sample athlete A",
        ("sample", "jump"),
        "The whole video. Two people: a man on a wall does two jumping jacks, turns and jumps "
        "down; in the jump he is lost, and the woman who walks by is followed.",
    ),
    Sample(
        "2_jumping_jack_first",
        0.2,
        1.45,
        "Jumping jack, first",
        "Sample athlete A",
        ("sample", "jumping jack"),
        "The first jumping jack of the video; compare it with the second.",
    ),
    Sample(
        "3_jumping_jack_second",
        1.45,
        2.75,
        "Jumping jack, second",
        "Sample athlete A",
        ("sample", "jumping jack"),
        "The second jumping jack of the video; compare it with the first.",
    ),
    Sample(
        "4_walking",
        3.3,
        6.4,
        "Walking, seen from the side",
        "Sample athlete B",
        ("sample", "walking"),
        "The woman walks across the lawn from right to left.",
    ),
)


def main() -> None:
    """Import each stretch into a database that is thrown away, and write the sample files."""
    video = Path(os.environ["POSECORE_TEST_VIDEO"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings.from_env({"POSECORE_DATA": name, "POSECORE_WORKERS": "1"})
        with open_store(settings.database) as store:
            for sample in SAMPLES:
                session_id = import_video(
                    _cut(video, sample, folder),
                    store,
                    settings=settings,
                    name=sample.name,
                    athlete=sample.athlete,
                    tags=sample.tags,
                    description=sample.description,
                )
                path = SAMPLES_DIR / f"{sample.file}.parquet"
                write_sample(store, session_id, path)
                session = store.get_session(session_id)
                print(
                    f"{path.name}: {session.frame_count} frames, somebody seen in "
                    f"{session.detected_count}, {path.stat().st_size / 1000:.0f} kB"
                )


def _cut(video: Path, sample: Sample, folder: Path) -> Path:
    """Write a stretch of the video losslessly as a file of its own; all of it is taken as it is."""
    with av.open(str(video)) as source:
        stream = source.streams.video[0]
        assert stream.duration and stream.time_base and stream.average_rate
        if sample.start_s == 0 and sample.end_s >= stream.duration * stream.time_base:
            return video
        path = folder / f"{sample.file}.mp4"
        with av.open(str(path), "w") as target:
            # Lossless in the video's own colours, so that cutting changes no picture.
            out = target.add_stream("libx264", rate=stream.average_rate, options={"qp": "0"})
            out.width, out.height, out.pix_fmt = stream.width, stream.height, stream.pix_fmt
            out.time_base = stream.time_base
            for frame in source.decode(stream):
                if sample.start_s <= frame.time < sample.end_s:
                    target.mux(out.encode(frame))
            target.mux(out.encode(None))
    return path


if __name__ == "__main__":
    main()
