"""The report: text stays text, nothing is loaded, and every number is the one posecore computed."""

import base64
import hashlib
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import numpy as np
import pytest

from posecore.climbing import ClimbingThresholds
from posecore.comparison import SCORE_FORMULA, compare
from posecore.disturbances import add_gaps
from posecore.errors import ComparisonError, ExportError
from posecore.measures import Material
from posecore.metrics import compute_metrics
from posecore.placement import mirror
from posecore.processing import process
from posecore.report import Recorded, make_report, write_report
from posecore.report_moments import MOST_MOMENTS, choose_moments
from posecore.report_readings import read_ranges
from posecore.storage.note import Note
from posecore.storage.session import Session
from posecore.synthetic import make_sequence, make_squats
from posecore.trust import compute_expected_error
from tests.unit.videos import make_pictures, write_video

HOSTILE = (
    "</style><script>alert(1)</script>\"'><img src=x onerror=alert(2)> &amp; \u202etxt.\U0001f9d7"
)
SHOWN = HOSTILE.replace("\u202e", "\ufffd")
SESSION = Session(
    id="1f0c22ab-0000-4000-8000-000000000000",
    name="Autumn squats",
    description="",
    owner="local",
    athlete="Mira",
    tags=("wall", "autumn"),
    source="live",
    status="completed",
    created_at=datetime(2026, 11, 12, 14, 3, tzinfo=UTC),
    fps=30.0,
    image_width=640,
    image_height=360,
    model="full",
)
SQUATS = make_squats(10.0)


class Page(HTMLParser):
    """A report as a browser reads it."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.style, self.rows = [], [], "", []
        self._open = ""
        self.feed(text)
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self._open = tag
        self.elements.append((tag, dict(attrs)))
        if tag in ("li", "tr"):
            self.rows.append((dict(attrs).get("class", ""), []))
        elif tag in ("p", "td", "th", "dt", "dd", "figcaption", "strong", "h1", "h2", "h3"):
            self.words.append(" ")

    def handle_data(self, data):
        if self._open == "style":
            self.style += data
            return
        self.words.append(data)
        if self.rows:
            self.rows[-1][1].append(data)

    def handle_endtag(self, tag):
        self._open = ""

    def find(self, tag):
        return [attrs for each, attrs in self.elements if each == tag]

    def row(self, beginning):
        return next((look, "|".join(row)) for look, row in self.rows if row[:1] == [beginning])


def note(start_s, text, tag="", end_s=None):
    return Note(
        id=str(start_s),
        session_id=SESSION.id,
        start_s=start_s,
        end_s=end_s,
        text=text,
        tag=tag,
        created_at=SESSION.created_at,
    )


def report(sequence=SQUATS, notes=(), session=SESSION, **options):
    return Page(make_report(session, sequence, notes, **options))


def bend(left_deg, right_deg, duration_s=10.0):
    """Knees that bend and stretch every two seconds."""
    time_s = np.arange(round(30 * duration_s)) / 30
    wave = (1 - np.cos(np.pi * time_s)) / 2
    angles = {"left_knee_flexion": left_deg * wave, "right_knee_flexion": right_deg * wave}
    return make_sequence(angles, time_s=time_s)


def test_what_people_typed_is_shown_letter_by_letter_everywhere():
    session = replace(
        SESSION,
        name=HOSTILE,
        athlete=HOSTILE,
        description=HOSTILE,
        tags=(HOSTILE,),
        model=HOSTILE,
        source=HOSTILE,
    )
    page = report(
        notes=[note(1.0, HOSTILE, HOSTILE)],
        session=session,
        other=Recorded(session, make_squats(8.0)),
    )
    assert page.text.count(SHOWN) >= 10
    assert not page.find("script")
    assert all(attrs["src"].startswith("data:image/") for attrs in page.find("img"))
    for _, attrs in page.elements:
        assert not {name for name in attrs if name.startswith("on") or name in ("href", "style")}


def test_the_policy_allows_its_own_style_and_pictures_and_nothing_else():
    page = report()
    (policy,) = (
        each["content"]
        for each in page.find("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    )
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "form-action 'none'; base-uri 'none'"
    )
    assert "http" not in page.style and "url(" not in page.style
    assert not page.find("link")


def test_the_title_says_who_when_how_long_and_how_it_was_processed():
    page = report(zone=timezone(timedelta(hours=1), "CET"))
    assert "Autumn squats Athlete Mira Date 12 Nov 2026, 15:03 CET Length 10.0 s" in page.text
    assert "Tags wall, autumn Landmarks as recorded" in page.text
    cleaned = report(process(SQUATS, "cleaned"))
    assert "Landmarks cleaned: outliers and short gaps mended, smoothed" in cleaned.text


def test_the_numbers_are_those_of_the_metrics_and_of_their_errors():
    page = report()
    assert "The movement was repeated 5 times." in page.text
    assert re.search(
        r"One repetition took 2\.00 s ± 0\.\d\d s; that is 30\.0 a minute ±", page.text
    )
    errors = compute_expected_error(SQUATS)
    readings = read_ranges(Material(SQUATS, ClimbingThresholds()))
    metrics = compute_metrics(SQUATS)
    for name, said in (
        ("left_knee_flexion", "The left knee bent and stretched by"),
        ("right_hip_flexion", "The left hip bent and stretched by 90° ± 32°, the right by"),
    ):
        reading = readings[name]
        assert reading.range_deg == pytest.approx(metrics.at[f"{name}_range", "value"])
        assert reading.range_deg == pytest.approx(90.0, abs=0.6)
        ends = [errors[name].min(), errors[name].max()]
        assert math.hypot(*ends[:1] * 2) <= reading.range_error_deg <= math.hypot(*ends[1:] * 2)
        assert f"{said} 90° ± {reading.range_error_deg:.0f}°" in page.text


def test_left_and_right_are_told_apart_only_beyond_the_error():
    page = report(bend(100.0, 20.0))
    assert re.search(r"The left moved further, by 80° ± \d+° \(symmetry index 1\d\d%", page.text)
    page = report(bend(60.0, 50.0))
    assert re.search(r"The sides differ by 10° ± \d+° .*?: within the measuring error", page.text)


@pytest.mark.parametrize("sequence", [SQUATS, bend(60.0, 50.0), SQUATS[:90]])
def test_no_number_of_degrees_stands_without_its_error_or_reason(sequence):
    page = report(sequence)
    statements = re.findall(r"<strong>(.*?)</strong>", make_report(SESSION, sequence))
    assert statements
    for statement in statements:
        assert re.findall(r"\d+° (?!±|\(error not known)(?=\D)", statement) == []
    _, knee = page.row("Knee")
    assert re.search(r"\d+° ± \d+°, from", knee)


def test_what_is_not_there_has_a_reason():
    still = make_sequence({}, time_s=np.arange(150) / 30)
    page = report(still)
    assert "No movement was repeated." in page.text
    assert "The left knee hardly moved, 0° ±" in page.text
    assert "The sides cannot be compared: neither side moves." in page.text
    assert "The body kept still within the movement 1 time; the longest hold took" in page.text


def test_notes_come_in_order_with_their_times():
    page = report(notes=[note(4.0, "Deeper\nstill", "aim", end_s=5.5), note(1.0, "Heels up")])
    assert "0:01.0 Heels up 0:04.0 to 0:05.5 aim Deeper still" in page.text
    assert "note “aim: Deeper still”" in page.text
    assert "Notes" not in [text for text in report().words if text == "Notes"]


def test_pictures_are_of_notes_repetitions_and_highest_angles_and_few():
    material = Material(SQUATS, ClimbingThresholds())
    notes = [note(each, f"Note {each}") for each in (9.5, 0.5, 3.5, 4.5, 5.5, 500.0)]
    moments = choose_moments(material, read_ranges(material), notes)
    assert len(moments) <= MOST_MOMENTS
    assert [each.time_s for each in moments] == sorted(each.time_s for each in moments)
    captions = " ".join(each.caption for each in moments)
    assert "0:00.5: note “Note 0.5”" in captions
    assert "Note 5.5" not in captions and "Note 500" not in captions
    assert "the one most like all others" in captions
    assert re.search(r"left and right knee most bent, 90° ± \d+° and 90° ± \d+°", captions)
    for moment in moments:
        if "knee most bent" in moment.caption:
            assert moment.time_s % 2 == pytest.approx(1.0, abs=0.3)


def test_the_room_is_drawn_without_a_video_and_the_video_where_there_is_one(tmp_path):
    def kinds(video_file):
        images = report(video_file=video_file).find("img")
        return {each["src"].partition(";")[0] for each in images}

    video = write_video(tmp_path / "video.mp4", make_pictures(300))
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    assert kinds(None) == {"data:image/png"}
    assert kinds(video) == {"data:image/jpeg"}
    for gone in (broken, tmp_path / "gone.mp4"):
        assert kinds(gone) == {"data:image/png"}


@pytest.mark.parametrize("n_frames", [1, 2])
def test_one_frame_and_two_have_a_picture_and_no_numbers(n_frames):
    page = report(SQUATS[:n_frames], [note(0.0, "Only this")])
    assert "Nothing was measured." in page.text
    assert f"this recording is too short: {n_frames} frame" in page.text
    assert len(page.find("img")) == 1
    assert len(page.find("svg")) == 4


def test_frames_nobody_and_nothing_are_refused_in_a_sentence():
    with pytest.raises(ExportError, match="has no frames, so there is nothing to report"):
        report(SQUATS[:0])
    with pytest.raises(ExportError, match="Nobody is in view in this session"):
        report(add_gaps(SQUATS, seed=1, share=1.0))


def test_landmarks_without_a_picture_have_numbers_whose_error_is_not_known():
    nowhere = np.full_like(SQUATS.image_landmarks, np.nan)
    sequence = replace(SQUATS, image_landmarks=nowhere)
    page = report(sequence, other=Recorded(SESSION, sequence))
    assert "The left knee bent and stretched by 90° (error not known), the right" in page.text
    assert "(symmetry index 0%, 0 is even), so no difference can be claimed." in page.text
    assert "How far the angles may be off is not known, so no difference" in page.text
    look, row = page.row("Left knee")
    assert look == "within" and row.endswith("error not known")


def test_a_picture_without_depth_has_no_ranges_and_says_so():
    nowhere = np.full_like(SQUATS.world_landmarks, np.nan)
    page = report(replace(SQUATS, world_landmarks=nowhere))
    assert "The left knee has no range (it is never seen)" in page.text
    assert page.text.count("No reading: it is never seen") == 4


def test_gaps_stay_gaps():
    page = report(add_gaps(SQUATS, seed=3, share=0.3, run_frames=30))
    assert "Somebody was in view in 70% of the 300 pictures." in page.text
    lines = [each["d"] for each in page.find("path") if each.get("stroke-linecap") == "round"]
    assert all(line.count("M") > 1 for line in lines)


def test_readings_beyond_the_limit_are_left_out_of_the_charts():
    page = report(max_error_deg=30.0)
    assert "off by more than 30° are left out" in page.text
    assert "Elbow No reading: it is never seen, or never seen well enough." in page.text
    assert len(page.find("svg")) == 3


def test_the_same_session_twice_cannot_be_told_apart():
    page = report(other=Recorded(SESSION, SQUATS))
    assert "No joint differs by more than the measuring error" in page.text
    assert f"Similarity 100 of 100, which is {SCORE_FORMULA}." in page.text
    look, row = page.row("Left knee")
    assert look == "within"
    assert row.startswith("Left knee|0° ±")
    assert row.endswith("within the measuring error")


def test_what_differs_by_more_than_the_error_is_named_and_not_grey():
    other = replace(SESSION, name="Shallow")
    page = report(bend(100.0, 100.0), other=Recorded(other, bend(5.0, 100.0)))
    assert "More than the measuring error: left knee." in page.text
    look, row = page.row("Left knee")
    assert look == "" and row.endswith("differs")
    assert re.match(r"Left knee\|4\d° ± \d+° less\|9\d° ± \d+° less\|, at ", row)
    assert page.row("Right knee")[0] == "within"


def test_a_comparison_made_elsewhere_is_the_one_that_is_told():
    a, b = bend(100.0, 5.0), bend(5.0, 100.0)
    found = compare(a, mirror(b), alignment="start", angles=["left_knee_flexion"])
    page = report(a, other=Recorded(SESSION, b), comparison=found, is_mirrored=True)
    assert "Brought together by start, first frame to first" in page.text
    assert "as a mirror shows it" in page.text
    assert page.row("Left knee")[1].startswith("Left knee|0° ±")
    assert "as a mirror shows it" not in report(a, other=Recorded(SESSION, b)).text


def test_what_cannot_be_compared_is_said_and_what_was_there_stays(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("before")
    nobody = Recorded(SESSION, add_gaps(SQUATS, seed=1, share=1.0))
    with pytest.raises(ComparisonError, match="In recording B nobody is seen"):
        write_report(path, SESSION, SQUATS, other=nobody)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "report.html"
    write_report(path, SESSION, SQUATS[:60])
    assert path.read_text(encoding="utf-8") == make_report(SESSION, SQUATS[:60])
    with pytest.raises(ExportError, match="there is no folder"):
        write_report(tmp_path / "nowhere" / "report.html", SESSION, SQUATS[:60])
    assert list(tmp_path.iterdir()) == [path]


def test_a_session_that_says_little_has_a_report_too():
    bare = replace(SESSION, athlete="", tags=(), model="", fps=math.nan, image_width=None)
    page = report(session=bare)
    assert "Pose model not stated" in page.text
    assert "Athlete" not in page.text
