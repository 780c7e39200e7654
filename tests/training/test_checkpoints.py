"""Checkpoints: whole or not there, refused where they are of another run."""

import logging
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from lib.training import CheckpointMismatchError, Checkpoints
from lib.training.checkpoints import KEPT
from tests.child import python

ABOUT = {"configuration": [{"steps": 10, "seed": 0}], "source": "abc"}
LAYOUT = r"another layout: (weights|kernels) "


def _tree(step: int) -> dict:
    return {"weights": np.full((3, 4), step, np.float32), "counts": [np.arange(step, step + 2)]}


def _save(folder, *steps, about=ABOUT):
    with Checkpoints(folder, about) as checkpoints:
        for step in steps:
            checkpoints.save(step, _tree(step), {"at": step})
            checkpoints.wait()


def _restore(folder, about=ABOUT, tree=None):
    with Checkpoints(folder, about) as checkpoints:
        return checkpoints.restore(_tree(0) if tree is None else tree)


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def _files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_newest_comes_back_bit_for_bit(tmp_path):
    assert _restore(tmp_path) is None
    _save(tmp_path, 3, 7)
    found = _restore(tmp_path)
    assert (found.step, found.notes) == (7, {"at": 7})
    assert found.arrays["weights"].dtype == np.float32
    np.testing.assert_array_equal(found.arrays["weights"], _tree(7)["weights"])
    np.testing.assert_array_equal(found.arrays["counts"][0], _tree(7)["counts"][0])


def test_the_last_few_are_kept(tmp_path):
    _save(tmp_path, *range(1, 7))
    kept = sorted(int(path.name) for path in tmp_path.iterdir())
    assert kept == list(range(7 - KEPT, 7))


def test_saving_does_not_wait_for_the_disk_and_closing_does(tmp_path):
    with Checkpoints(tmp_path, ABOUT) as checkpoints:
        checkpoints.save(1, {"big": np.zeros(20_000_000, np.float32)}, {})
        assert not (tmp_path / "1").exists()
    assert (tmp_path / "1").is_dir()


def _largest_file(folder: Path) -> Path:
    return max((p for p in folder.rglob("*") if p.is_file()), key=lambda path: path.stat().st_size)


def _truncate(folder):
    path = _largest_file(folder / "arrays")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(folder):
    for path in (folder / "arrays").rglob("*"):
        if path.is_file() and path.parent.name == "d":
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 0xFF
            path.write_bytes(bytes(data))


def _lose_arrays(folder):
    shutil.rmtree(folder / "arrays")


def _lose_notes(folder):
    shutil.rmtree(folder / "notes")


def _garble_notes(folder):
    path = _largest_file(folder / "notes")
    path.write_text(path.read_text()[:-20])


@pytest.mark.parametrize("damage", [_truncate, _flip, _lose_arrays, _lose_notes, _garble_notes])
def test_a_damaged_newest_one_is_set_aside_for_the_one_before(damage, tmp_path):
    _save(tmp_path / "c", 3, 7)
    damage(tmp_path / "c" / "7")
    with pytest.warns(RuntimeWarning, match="checkpoint of step 7 .* is damaged.*one before"):
        found = _restore(tmp_path / "c")
    assert found.step == 3
    np.testing.assert_array_equal(found.arrays["weights"], _tree(3)["weights"])
    assert len(list((tmp_path / "c-damaged").glob("7-*"))) == 1
    _save(tmp_path / "c", 7)  # the same step again
    assert _restore(tmp_path / "c").step == 7


def test_arrays_that_were_exchanged_are_noticed(tmp_path):
    """Whole files, of another step: only the digest tells."""
    _save(tmp_path / "c", 3, 7)
    shutil.rmtree(tmp_path / "c" / "7" / "arrays")
    shutil.copytree(tmp_path / "c" / "3" / "arrays", tmp_path / "c" / "7" / "arrays")
    with pytest.warns(RuntimeWarning, match="step 7 .*not those that were saved"):
        assert _restore(tmp_path / "c").step == 3


def test_a_half_written_one_is_never_seen(tmp_path):
    """It is gone at once: deleted later, in a thread, it might be one that is being written."""
    _save(tmp_path, 3)
    half = tmp_path / "7.orbax-checkpoint-tmp"
    shutil.copytree(tmp_path / "3", half)
    for number in range(2000):  # a thread would not be through with them
        (half / str(number)).touch()
    with Checkpoints(tmp_path, ABOUT) as checkpoints:
        assert _names(tmp_path) == ["3"]
        assert checkpoints.restore(_tree(0)).step == 3


def test_an_old_one_that_was_half_deleted_is_passed_over_in_silence(tmp_path, caplog):
    """As a process leaves it that is killed between two of its files."""
    _save(tmp_path, 5, 10)
    metadata = tmp_path / "5" / "_CHECKPOINT_METADATA"
    assert metadata.is_file()
    metadata.unlink()
    with caplog.at_level(logging.WARNING, logger="absl"):
        assert _restore(tmp_path).step == 10
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("about", "tree", "message"),
    [
        (
            {**ABOUT, "configuration": [{"steps": 20, "seed": 0}]},
            None,
            "of another configuration: steps is 10 there and 20 here.*Nothing was changed",
        ),
        ({**ABOUT, "source": "xyz"}, None, "of another source: abc there and xyz here"),
        (ABOUT, {"weights": np.zeros((3, 5), np.float32), "counts": [np.arange(2)]}, LAYOUT),
        (ABOUT, {"weights": np.zeros((3, 4), np.float16), "counts": [np.arange(2)]}, LAYOUT),
        (ABOUT, {"kernels": np.zeros((3, 4), np.float32), "counts": [np.arange(2)]}, LAYOUT),
    ],
)
def test_one_of_another_run_or_layout_is_refused_and_left_alone(about, tree, message, tmp_path):
    _save(tmp_path, 3)
    before = _files(tmp_path)
    with pytest.raises(CheckpointMismatchError, match=message):
        _restore(tmp_path, about, tree=tree)
    assert _files(tmp_path) == before


# A limit on the size of files makes writing fail as a full disk does, on every machine.
_FILL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from lib.training import Checkpoints
folder = Path(sys.argv[1])
generator = np.random.default_rng(0)
with Checkpoints(folder, {"source": "a"}) as checkpoints:
    checkpoints.save(1, {"x": generator.random(1000)}, {})
    checkpoints.wait()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    checkpoints.save(2, {"x": generator.random(1_000_000)}, {})
"""


def test_a_full_disk_is_said_and_what_was_there_is_kept(tmp_path):
    done = python("-c", _FILL, tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert re.match(r"OSError: A checkpoint could not be written to .*those written before", last)
    with Checkpoints(tmp_path, {"source": "a"}) as checkpoints:
        assert checkpoints.restore({"x": np.zeros(1000)}).step == 1
    assert _names(tmp_path) == ["1"]
