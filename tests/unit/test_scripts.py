"""The two commands: what they find missing, what they say, what they never leave behind."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from posecore.lan_certificate import provide_certificate
from posecore.settings import Settings
from scripts import machine, run

DEBIAN_ROOT = machine.System("apt-get", is_root=True)
GL, EGL, GLES, GLIB, GTHREAD, XCB = machine.LIBRARIES


class RecordedRun:
    """Stands in for `machine.run_command`: notes what would run and ends as it is told."""

    def __init__(self, code=0, output=""):
        self.commands = []
        self.finished = machine.Finished(code, output)

    def __call__(self, command, *, timeout_s, quiet=False):
        self.commands.append(" ".join(map(str, command)))
        return self.finished


@pytest.mark.parametrize(
    ("system", "line"),
    [
        (
            machine.System("apt-get", is_root=False),
            "    sudo apt-get update && sudo apt-get install -y libgl1 libglib2.0-0\n",
        ),
        (machine.System("dnf", is_root=False), "    sudo dnf install -y libglvnd-glx glib2\n"),
        (machine.System("dnf", is_root=True), "    dnf install -y libglvnd-glx glib2\n"),
        (machine.System(None, is_root=False), "libGL.so.1, libglib-2.0.so.0, libgthread-2.0.so.0"),
    ],
)
def test_missing_libraries_are_answered_with_the_exact_line(system, line):
    run = RecordedRun()
    with pytest.raises(machine.SetupError) as caught:
        machine.supply(lambda: [GL, GLIB, GTHREAD], system, run)
    assert line in str(caught.value)
    assert "libgthread-2.0.so.0" in str(caught.value)
    assert run.commands == []


def test_what_has_no_known_package_is_named_and_not_guessed():
    fedora = machine.System("dnf", is_root=False)
    with pytest.raises(machine.SetupError, match="lacks Python's venv module, libGL"):
        machine.supply(lambda: [machine.VENV, GL], fedora, RecordedRun())


def test_root_on_debian_installs_each_package_once_and_looks_again():
    run = RecordedRun()
    answers = [[GL, GLIB, GTHREAD], []]
    machine.supply(lambda: answers.pop(0), DEBIAN_ROOT, run)
    update, install = run.commands
    assert update.endswith(" update")
    assert install.endswith(" install -y --no-install-recommends libgl1 libglib2.0-0")
    assert "DEBIAN_FRONTEND=noninteractive" in install
    assert answers == []


@pytest.mark.parametrize(
    "run", [RecordedRun(code=100, output="E: Unable to locate"), RecordedRun()]
)
def test_an_installation_that_brought_nothing_is_said_with_the_line_to_type(run):
    with pytest.raises(machine.SetupError, match="apt-get install -y libgl1"):
        machine.supply(lambda: [GL], DEBIAN_ROOT, run)


def test_nothing_missing_runs_nothing():
    run = RecordedRun()
    machine.supply(list, DEBIAN_ROOT, run)
    assert run.commands == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux splits these libraries off")
def test_a_library_is_missing_exactly_when_the_loader_does_not_find_it():
    absent = machine.Need("libposecore-is-not-there.so.7", {})
    present = machine.Need("libc.so.6", {})
    assert machine.missing_libraries([absent, present]) == [absent]


def test_the_fingerprint_follows_every_requirement_file_and_the_python(tmp_path):
    inner, outer = tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"
    inner.write_text("numpy==1\n")
    outer.write_text("# tests\n-r requirements.txt\npytest==1\n")
    first = machine.fingerprint(outer, "3.11")
    assert machine.fingerprint(outer, "3.11") == first
    assert machine.fingerprint(outer, "3.12") != first
    inner.write_text("numpy==2\n")
    assert machine.fingerprint(outer, "3.11") != first


def make_environment(folder):
    """Make the layout of a virtual environment, whose Python is never really run."""
    python = machine.environment_python(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    return python


def test_requirements_are_installed_only_when_they_changed(tmp_path):
    python = make_environment(tmp_path / ".venv")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("numpy==1\n")
    run = RecordedRun(output="3.11")

    def n_installs():
        machine.install_requirements(python, requirements, run)
        return sum(" install " in command for command in run.commands)

    assert n_installs() == 1
    assert n_installs() == 1
    requirements.write_text("numpy==2\n")
    assert n_installs() == 2


def test_a_failed_installation_is_a_sentence_and_is_tried_again(tmp_path):
    python = make_environment(tmp_path / ".venv")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("numpy==1\n")
    run = RecordedRun(code=1, output="ERROR: No matching distribution found for numpy==1")
    for n_tries in (1, 2):
        with pytest.raises(machine.SetupError, match="No matching distribution"):
            machine.install_requirements(python, requirements, run)
        assert sum(" install " in command for command in run.commands) == n_tries


def test_an_environment_that_is_absent_or_half_made_has_no_version(tmp_path):
    assert machine.environment_version(tmp_path / "python") is None
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "half"], check=True)
    assert machine.environment_version(machine.environment_python(tmp_path / "half")) is None


def test_a_taken_port_gives_the_next_free_one():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert taken < machine.free_port(taken) <= taken + 50
        with pytest.raises(machine.SetupError, match="--port"):
            machine.free_port(taken, tries=1)
    assert machine.free_port(taken) == taken


@pytest.mark.parametrize("script", ["run.py", "test.py"])
def test_a_python_that_is_too_old_is_told_so_in_one_sentence(script):
    pretend = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0);"
        f"runpy.run_path({str(machine.ROOT / 'scripts' / script)!r}, run_name='__main__')"
    )
    result = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.strip() == (
        "posecore needs Python 3.11 or newer, and this is Python 3.9: start it with a newer one."
    )


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "x"], ["--", "--server.port=1"]])
def test_wrong_usage_of_run_exits_with_two(arguments):
    script = machine.ROOT / "scripts" / "run.py"
    result = subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 2
    assert "--port" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("child", ["", "import signal; signal.signal(signal.SIGINT, print);"])
def test_a_program_that_takes_too_long_is_ended_with_what_it_started(tmp_path, monkeypatch, child):
    monkeypatch.setattr(machine, "END_PATIENCE_S", 1.0)
    marker = tmp_path / "child"
    program = (
        "import subprocess, sys, time;"
        f"child = subprocess.Popen([sys.executable, '-c', '{child} import time; time.sleep(60)']);"
        f"open({str(marker)!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    finished = machine.run_command([sys.executable, "-c", program], timeout_s=3, quiet=True)
    assert finished.code == machine.TIMED_OUT
    if os.name == "posix":
        assert has_ended(int(marker.read_text()))


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_ended_ends_what_it_started(number, code):
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    command = (
        "import sys; from scripts import machine;"
        f"child = [sys.executable, '-c', {child!r}];"
        "machine.run_main(lambda _: machine.run_command(child, timeout_s=60).code)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", command], cwd=machine.ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(30) == code
    assert has_ended(pid)


def has_ended(pid):
    """Whether a process is gone, or is a zombie that nobody has collected yet."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


class IndexRun:
    """Stands in for a ``pip download`` which puts one wheel where it was asked to."""

    def __init__(self, content=b"a video"):
        self.content = content
        self.n_calls = 0

    def __call__(self, command, *, timeout_s, quiet=False):
        self.n_calls += 1
        folder = Path(command[command.index("--dest") + 1])
        wheel = folder / "sports2d-0.8.34-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(zipfile.ZipInfo(machine.TEST_VIDEO_MEMBER), self.content)
        self.sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
        return machine.Finished(0)


def test_a_video_wheel_with_a_wrong_hash_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(machine.SetupError, match="not the file we know"):
        machine.fetch_test_video(Path(sys.executable), tmp_path / "data", IndexRun())
    assert list((tmp_path / "data").iterdir()) == []


def test_a_failed_video_download_is_a_sentence_and_leaves_nothing(tmp_path):
    run = RecordedRun(code=1, output="ERROR: Could not find a version")
    with pytest.raises(machine.SetupError, match="Could not find a version"):
        machine.fetch_test_video(Path(sys.executable), tmp_path / "data", run)
    assert list((tmp_path / "data").iterdir()) == []


def test_the_video_is_fetched_once(tmp_path, monkeypatch):
    run = IndexRun()
    with pytest.raises(machine.SetupError):
        machine.fetch_test_video(Path(sys.executable), tmp_path / "data", run)
    monkeypatch.setattr(machine, "TEST_VIDEO_WHEEL_SHA256", run.sha256)
    for _ in range(2):
        video = machine.fetch_test_video(Path(sys.executable), tmp_path / "data", run)
        assert video.read_bytes() == b"a video"
    assert run.n_calls == 2
    assert list((tmp_path / "data").iterdir()) == [video]


def test_a_browser_that_was_named_but_does_not_start_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("POSECORE_CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(machine.SetupError, match="POSECORE_CHROMIUM names"):
        machine.find_chromium(Path(sys.executable), DEBIAN_ROOT, RecordedRun())


def test_without_any_browser_the_exact_line_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("POSECORE_CHROMIUM", raising=False)
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    fedora = machine.System("dnf", is_root=False)
    run = RecordedRun(code=1)
    with pytest.raises(machine.SetupError, match="sudo dnf install -y chromium"):
        machine.find_chromium(Path(sys.executable), fedora, run)
    assert any(c.endswith("playwright install --no-shell chromium") for c in run.commands)


@pytest.mark.skipif(os.name != "posix", reason="a stand-in for Streamlit needs a shebang")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_run_returns_the_dashboards_own_exit_code_and_ends_on_one_ctrl_c(tmp_path, scheme):
    """The real `serve`, with a small server in Streamlit's place."""
    lan = None
    if scheme == "https":
        made = provide_certificate(tmp_path / "lan", ("127.0.0.1",))
        lan = run.Lan(str(made.path), str(made.key_path), ("192.168.1.20",))
    stand_in = tmp_path / "python"
    stand_in.write_text(f"#!{sys.executable}\n{SMALL_SERVER}")
    stand_in.chmod(0o755)
    serving = (
        "import sys; sys.path.insert(0, 'scripts'); import machine, run, pathlib;"
        f"port = machine.free_port(18501); python = pathlib.Path({str(stand_in)!r});"
        f"lan = {lan and (lan.certificate, lan.key, lan.hosts)!r};"
        "lan = run.Lan(*lan) if lan else None;"
        "sys.exit(run.serve(python, port, open_browser=False, extra=[], lan=lan))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", serving], cwd=machine.ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any(f"posecore is at {scheme}://127.0.0.1:" in line for line in lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 7
        assert process.stdout.read().splitlines() == ["asked to end"]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


SMALL_SERVER = """
import http.server, os, ssl, sys

options = dict(a.removeprefix("--server.").split("=", 1) for a in sys.argv if "=" in a)
port = int(options["port"])

class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

try:
    server = http.server.HTTPServer(("127.0.0.1", port), Quiet)
    if "sslCertFile" in options:
        assert os.environ["POSECORE_LAN_CERTIFICATE"] == options["sslCertFile"]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["sslCertFile"], options["sslKeyFile"])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
except KeyboardInterrupt:
    print("asked to end", flush=True)
    sys.exit(7)
"""


# ---------------------------------------------------------------- --lan

LAN = run.Lan(
    "/data/lan/certificate.pem", "/data/lan/key.pem", ("192.168.1.20", "10.0.0.5", "wall")
)


def test_without_lan_the_dashboard_answers_this_machine_alone():
    assert not run.parse([]).lan
    options = run.streamlit_options(8501)
    assert "--server.address=127.0.0.1" in options
    assert not [option for option in options if "ssl" in option]


def test_with_lan_it_serves_the_network_over_https_and_asks_nobody_outside():
    assert run.parse(["--lan", "--port", "9000"]).lan
    options = run.streamlit_options(9000, LAN)
    assert "--server.address=0.0.0.0" in options
    assert "--server.sslCertFile=/data/lan/certificate.pem" in options
    assert "--server.sslKeyFile=/data/lan/key.pem" in options
    # Without it Streamlit asks a server outside for this machine's address.
    assert "--browser.serverAddress=127.0.0.1" in options


def test_with_lan_the_dashboard_knows_its_names_and_that_others_must_pair():
    environ = run.lan_environment({"POSECORE_HOSTS": "wall.example.org"}, 9000, LAN)
    settings = Settings.from_env(environ)
    own = ("192.168.1.20:9000", "10.0.0.5:9000", "wall:9000")
    assert settings.hosts == ("wall.example.org", *own)
    assert settings.lan_certificate == Path(LAN.certificate)
    assert environ["FORWARDED_ALLOW_IPS"] == ""
    assert Settings.from_env(run.lan_environment({}, 9000, LAN)).hosts == own


@pytest.mark.parametrize("extra", ["--server.address=0.0.0.0", "--server.sslCertFile=x"])
def test_lan_leaves_no_choice_of_address_or_certificate(extra, capsys):
    with pytest.raises(SystemExit) as caught:
        run.parse(["--lan", "--", extra])
    assert caught.value.code == 2
    assert "--lan" in capsys.readouterr().err
    assert run.parse(["--", extra]).streamlit == [extra]


def test_the_certificate_is_made_by_the_environments_python():
    made = '{"certificate": "c.pem", "key": "k.pem", "hosts": ["192.168.1.20"]}'
    runner = RecordedRun(output=f"a warning\n{made}\n")
    assert run.make_certificate(Path("python"), runner) == run.Lan(
        "c.pem", "k.pem", ("192.168.1.20",)
    )
    assert runner.commands == ["python -m posecore.lan_certificate"]


@pytest.mark.parametrize("output", ["", "This computer is in no network.", "{}", "[]"])
def test_a_certificate_that_cannot_be_made_is_a_sentence(output):
    with pytest.raises(machine.SetupError, match="No certificate for https could be made"):
        run.make_certificate(Path("python"), RecordedRun(code=1, output=output))
