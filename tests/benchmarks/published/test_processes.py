"""Processes that are killed, stopped, short of disk or memory, or at work at the same time."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from lib.benchmarks.published import converted_shape, fetch, open_official
from tests.benchmarks.published import small_sets
from tests.benchmarks.published.server import Server, hold
from tests.benchmarks.published.small_sets import small
from tests.child import ROOT, wait_until

HALF = 300_000
FILE = "real3d_complicated_shapes_ordered.npz"


def _start(task: str, name: str, *arguments: object, **options: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.benchmarks.published.child", task, name]
    command += [json.dumps(options), *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _end(process: subprocess.Popen) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


@pytest.fixture(name="body")
def _body(tmp_path):
    return small_sets.write(small("mpi3d"), tmp_path / "published.npz").read_bytes()


def _is_right(folder: Path) -> bool:
    opened = open_official(small("mpi3d"), folder)
    np.testing.assert_array_equal(opened.images, small_sets.expected(opened.twin))
    return True


def test_of_two_processes_one_downloads_and_the_other_waits(body, tmp_path):
    data, done = tmp_path / "data", threading.Event()
    with Server(body, hold(HALF, done)) as server:
        arguments = ("plain", "mpi3d", "fetch", "mpi3d", "--data-dir", data)
        first = _start(*arguments, addresses=[server.address])
        wait_until(lambda: server.requests, seconds=30)
        second = _start(*arguments, addresses=[server.address])
        assert second.stderr.readline() == "Waiting for another process: download.\n"
        done.set()
        for process in (first, second):
            status, _, errors = _end(process)
            assert status == 0, errors
        assert len(server.requests) == 1
    assert _is_right(data)
    assert small_sets.left(data) == ["mpi3d", FILE]


def test_a_download_that_is_killed_is_gone_on_with_from_there(body, tmp_path):
    data = tmp_path / "data"
    with Server(body, hold(HALF, threading.Event())) as server:
        process = _start(
            *("plain", "mpi3d", "fetch", "mpi3d", "--data-dir", data), addresses=[server.address]
        )
        part = data / f"{FILE}.unfinished" / "body"
        wait_until(lambda: part.is_file() and part.stat().st_size >= HALF - 65536, seconds=30)
        process.send_signal(signal.SIGKILL)
        _end(process)
        # No file that looks whole.
        assert small_sets.left(data) == [f"{FILE}.unfinished"]
        fetch(small("mpi3d", server.address), data)
        assert int(server.ranges[1].removeprefix("bytes=")[:-1]) >= HALF - 65536
    assert _is_right(data)
    assert small_sets.left(data) == ["mpi3d", FILE]


def test_a_conversion_that_is_killed_leaves_nothing_that_looks_whole(body, tmp_path):
    (tmp_path / FILE).write_bytes(body)
    process = _start("slow", "mpi3d", "fetch", "mpi3d", "--data-dir", tmp_path)
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGKILL)
    _end(process)
    assert small_sets.left(tmp_path) == ["mpi3d.unfinished", "published.npz", FILE]
    assert _is_right(tmp_path)
    assert small_sets.left(tmp_path) == ["mpi3d", "published.npz", FILE]


def test_an_interrupted_conversion_cleans_up_and_says_so_in_one_line(body, tmp_path):
    (tmp_path / FILE).write_bytes(body)
    process = _start("slow", "mpi3d", "fetch", "mpi3d", "--data-dir", tmp_path)
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    status, _, errors = _end(process)
    assert status == 130
    assert errors == "Interrupted; the same command goes on from here.\n"
    assert small_sets.left(tmp_path) == ["published.npz", FILE]


def test_a_full_disk_ends_a_download_and_a_conversion_with_one_line(body, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    with Server(body) as server:
        arguments = ("limited", "mpi3d", "fetch", "mpi3d", "--data-dir", data)
        status, _, errors = _end(_start(*arguments, addresses=[server.address]))
        assert status == 1
        assert errors.splitlines()[-1].startswith("error: [Errno 28] writing")
        assert "make room" in errors
        assert "Traceback" not in errors
        assert small_sets.left(data) == [f"{FILE}.unfinished"]
        # With room again, it goes on from what had come.
        fetch(small("mpi3d", server.address), data)
        assert server.ranges[1] is not None
    assert _is_right(data)
    (tmp_path / "full").mkdir()
    process = _start(
        *("limited", "mpi3d", "fetch", "mpi3d", "--data-dir", tmp_path / "full"),
        *("--file", tmp_path / "published.npz"),
    )
    status, _, errors = _end(process)
    assert status == 1
    assert "make room" in errors
    assert len(errors.splitlines()) == 1
    assert small_sets.left(tmp_path / "full") == []


@pytest.mark.parametrize("name", ["shapes3d", "mpi3d"])
def test_a_conversion_holds_a_small_part_of_the_images_in_memory(name, tmp_path):
    sizes = (2, 3, 2, 25, 4, 4)
    twin = small(name, sizes=sizes)
    num_bytes = int(np.prod(converted_shape(twin)))
    assert num_bytes > 58e6
    # Repeated noise, which is quick to make and to compress.
    images = np.tile(small_sets.make_images(small(name)), (100, 1, 1, 1))
    path = small_sets.write(twin, tmp_path / "file", images=images)
    process = _start(
        *("measured", name, "fetch", name, "--data-dir", tmp_path, "--file", path), sizes=sizes
    )
    status, output, errors = _end(process)
    assert status == 0, errors
    # Batches are of 16 MiB; one is still there when the next is read.
    assert int(output.splitlines()[-1]) < 2.3 * (16 << 20)
