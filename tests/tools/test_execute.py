"""Chapters several at once: side by side, those that take times alone, and stopped together."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from lib.chapters import ChapterFailed, ChapterInterrupted
from tests.tools.small_book import write_notebook
from tools.execute import executed

# Waits until as many chapters have begun as are said, and fails where they do not.
MEET = """import pathlib
sleep = __import__("time").sleep
pathlib.Path("begun-{name}").touch()
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


@pytest.mark.parametrize("word", ["begun", "import time"])
def test_chapters_meet_unless_one_takes_times(tmp_path, word):
    """What begins with `import time` waits for the others, so it finds them gone."""
    codes = {name: MEET.format(name=name, number=2) for name in ("one", "two")}
    if word == "import time":
        alone = "import time, pathlib\nassert len(list(pathlib.Path().glob('begun-*'))) == 2"
        codes = {"alone": alone, **codes}
    done = [
        found.name
        for found in executed(_chapters(tmp_path, **codes), tmp_path / "out", tmp_path, 2)
    ]
    assert sorted(done[:2]) == ["one", "two"]
    assert done[2:] == ["alone"] * (word == "import time")
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
