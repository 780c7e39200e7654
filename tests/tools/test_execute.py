"""Chapters several at once: side by side, those that take times alone, and stopped together."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from lib.chapters import BookError, ChapterFailed, ChapterInterrupted
from lib.process import usable_cores
from tests.tools.small_book import write_notebook
from tools.execute import executed

# Waits until as many chapters have begun as are said, and fails where they do not.
MEET = """import pathlib
sleep = __import__("time").sleep
import os
from lib.process import usable_cores
pathlib.Path("begun-{name}").write_text(str(usable_cores()))
for _ in range(600):
    if len(list(pathlib.Path().glob("begun-*"))) >= {number}:
        break
    sleep(0.1)
else:
    raise RuntimeError("nobody came")"""
LONG = (
    MEET
    + """
import os
pathlib.Path("kernel-{name}").write_text(str(os.getpid()))
sleep(600)"""
)


def _chapters(folder: Path, **codes: str) -> dict[Path, dict[str, object]]:
    return {
        write_notebook(folder / f"{name}.ipynb", f"# {name}", code): {}
        for name, code in codes.items()
    }


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("has_times", [False, True])
def test_chapters_meet_unless_one_takes_times(tmp_path, has_times):
    """What takes times waits for the others, so it finds them gone."""
    codes = {name: MEET.format(name=name, number=2) for name in ("one", "two")}
    if has_times:
        alone = "import time, pathlib\ntime.perf_counter()\n"
        alone += "assert len(list(pathlib.Path().glob('begun-*'))) == 2"
        codes = {"alone": alone, **codes}
    done = [
        found.name
        for found in executed(_chapters(tmp_path, **codes), tmp_path / "out", tmp_path, 2)
    ]
    assert sorted(done[:2]) == ["one", "two"]
    assert done[2:] == ["alone"] * has_times
    if len(cores := usable_cores()) > 1 and hasattr(os, "sched_setaffinity"):
        shares = [(tmp_path / f"begun-{name}").read_text() for name in ("one", "two")]
        assert sorted(shares) == sorted(str(cores[number::2]) for number in range(2))
    assert sorted(path.name for path in (tmp_path / "out").glob("*.ipynb")) == sorted(
        f"{name}.ipynb" for name in codes
    )


def _stopped_kernels(folder: Path, number: int) -> None:
    kernels = list(folder.glob("kernel-*"))
    assert len(kernels) == number
    for file in kernels:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(int(file.read_text())).wait(timeout=30)


def test_where_one_fails_the_others_are_stopped(tmp_path):
    failing = (
        "import pathlib\nsleep = __import__('time').sleep\npathlib.Path('begun-bad').touch()\n"
        "while not pathlib.Path('kernel-good').exists():\n    sleep(0.1)\n1 / 0"
    )
    chapters = _chapters(tmp_path, good=LONG.format(name="good", number=2), bad=failing)
    with pytest.raises(ChapterFailed, match=r"(?s)chapter 'bad' failed in cell 3.*ZeroDivision"):
        list(executed(chapters, tmp_path / "out", tmp_path, 2))
    _stopped_kernels(tmp_path, 1)
    assert not (tmp_path / "out" / "good.ipynb").exists()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (signal.SIGTERM, "chapter 'bad' was stopped by SIGTERM in cell 3"),
        (signal.SIGKILL, "chapter 'bad': its process was ended by SIGKILL; .* the memory was used"),
    ],
)
def test_what_ends_one_process_alone_is_told_with_its_chapter(tmp_path, number, message):
    ending = (
        "import os, pathlib\nsleep = __import__('time').sleep\npathlib.Path('begun-bad').touch()\n"
        "while not pathlib.Path('kernel-good').exists():\n    sleep(0.1)\n"
        f"os.kill(os.getppid(), {number:d})\nsleep(600)"
    )
    chapters = _chapters(tmp_path, good=LONG.format(name="good", number=2), bad=ending)
    with pytest.raises((ChapterInterrupted, BookError), match=message) as told:
        list(executed(chapters, tmp_path / "out", tmp_path, 2))
    assert getattr(told.value, "signal", number) == number
    _stopped_kernels(tmp_path, 1)


@pytest.mark.parametrize(("devices", "expected"), [(("cpu", 1), 3), (("gpu", 2), 1)])
def test_as_many_at_once_as_there_are_cores_but_one_with_an_accelerator(
    tmp_path, monkeypatch, capsys, devices, expected
):
    monkeypatch.setattr("tools.execute.local_devices", lambda: devices)
    monkeypatch.setattr("tools.execute.usable_cores", lambda: [0, 2, 5])
    monkeypatch.setattr("tools.execute.execute_chapter", lambda *_, **__: None)
    monkeypatch.setattr("tools.execute._at_once", lambda *given: iter([given[-1]]))
    chapters = _chapters(tmp_path, one="1", two="2", three="3", four="4")
    found = list(executed(chapters, tmp_path / "out", tmp_path, None))
    assert found == ([3] if expected == 3 else [None] * 4)


def test_a_signal_stops_all_and_says_where_each_was(tmp_path):
    chapters = _chapters(
        tmp_path, **{name: LONG.format(name=name, number=2) for name in ("one", "two")}
    )

    def stop() -> None:
        while len(list(tmp_path.glob("kernel-*"))) < 2:
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(ChapterInterrupted, match=r"(?s)'one'.*in cell 3.*'two'.*in cell 3") as told:
        list(executed(chapters, tmp_path / "out", tmp_path, 2))
    assert told.value.signal == signal.SIGTERM
    _stopped_kernels(tmp_path, 2)
