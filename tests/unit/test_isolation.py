"""The estimator's process has no network: tried from within, and watched from outside."""

import platform
import struct
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from posecore.estimation import open_estimator
from posecore.isolation import _ARCHITECTURES, _make_program, is_network_blocked
from posecore.video import open_video
from posecore.worker import Worker

needs_seccomp = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="the block is built on seccomp, on x86_64 and aarch64",
)


def try_the_network(*, block_network):
    target = "tests.unit.worker_targets:try_the_network"
    with Worker(target, block_network=block_network) as worker:
        return worker.receive(), worker.is_network_blocked


@needs_seccomp
def test_a_blocked_process_gets_no_socket_and_no_name():
    results, is_blocked = try_the_network(block_network=True)
    assert is_blocked
    assert results.pop("name") in ("gaierror", "PermissionError")
    assert set(results.values()) == {"PermissionError"}


def test_an_unblocked_process_does():
    results, is_blocked = try_the_network(block_network=False)
    assert not is_blocked
    assert {results["inet"], results["unix"]} == {"worked"}
    assert results["connect"] == "ConnectionRefusedError"


def test_blocking_a_child_leaves_its_parent_alone():
    try_the_network(block_network=True)
    assert not is_network_blocked()


@needs_seccomp
def test_the_estimator_has_no_connection_while_it_analyses(settings, test_video):
    with (
        open_estimator(settings) as estimator,
        open_video(test_video).read_frames(end_s=2.0) as frames,
    ):
        assert estimator.network_blocked
        process = psutil.Process(estimator.pid)
        connections = []
        for time_s, frame_rgb in frames:
            estimator.estimate(frame_rgb, time_s)
            connections += process.net_connections(kind="inet")
        # Mode 2 is a filter; it holds for each thread, also those MediaPipe has started.
        modes = {
            line.split()[1]
            for thread in Path(f"/proc/{estimator.pid}/task").iterdir()
            for line in (thread / "status").read_text().splitlines()
            if line.startswith("Seccomp:")
        }
        n_threads = process.num_threads()
    assert connections == []
    assert n_threads > 1
    assert modes == {"2"}


@needs_seccomp
def test_without_the_block_the_same_process_is_not_filtered(settings):
    with open_estimator(replace(settings, block_network=False)) as estimator:
        assert not estimator.network_blocked
        status = Path(f"/proc/{estimator.pid}/status").read_text()
    assert "Seccomp:\t0" in status


@needs_seccomp
def test_every_way_to_a_socket_is_in_the_filter():
    """What the kernel does with a program of ours, seen from its instructions."""
    for architecture in _ARCHITECTURES.values():
        run = make_interpreter(struct.iter_unpack("=HBBI", _make_program(architecture)))
        ours, other = architecture.audit_number, 0x40000003
        refused, allowed = 0x00050001, 0x7FFF0000
        for number in range(600):
            expected = refused if number in architecture.denied else allowed
            assert run(ours, number) == expected
        assert run(other, 0) == refused
        assert run(ours, 0x40000000 + 41) == refused


def make_interpreter(instructions):
    """The few instructions of classic BPF that the filter uses."""
    program = list(instructions)

    def run(architecture, number):
        position, value = 0, None
        while True:
            code, if_true, if_false, k = program[position]
            position += 1
            if code == 0x20:
                value = {0: number, 4: architecture}[k]
            elif code == 0x06:
                return k
            else:
                is_true = value == k if code == 0x15 else value >= k
                position += if_true if is_true else if_false

    return run
