"""What is carried to another machine: bounded, whole, and the same when it is unpacked."""

import json
import shutil
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from lib.runs.folders import RunFolders
from lib.studies import DeclaredStudy, Study, Variant
from lib.studies.carried import NOTE_FILE, pack, unpack
from lib.studies.state import StudyState
from lib.training import Checkpoints

STUDY = DeclaredStudy(
    "toys", "Toys", "Why?", [Study("shapes3d", {"plain": Variant("autoencoder")}, "smoke")]
)
ABOUT = {"configuration": ["a"]}
NOTES = {"histories": [{"train_s": 1.5}]}
GENERATOR = np.random.default_rng(0)
ARRAYS = {
    "parameters.kernel": GENERATOR.normal(size=(60, 100)).astype(np.float32),
    "optimizer.0.1.mu.kernel": GENERATOR.normal(size=(60, 100)).astype(np.float32),
    "optimizer.0.1.nu.kernel": GENERATOR.exponential(size=(60, 100)).astype(np.float32) ** 2,
    "optimizer.0.1.count": np.int32(7),
}


def state_in(folder: Path) -> StudyState:
    return StudyState(STUDY, folder / "runs", folder / "records")


def folders_of(state: StudyState) -> RunFolders:
    return RunFolders(state.out_dir, [state.runs[0].config])


def save(state: StudyState, step: int) -> None:
    """A checkpoint of the study's unfinished run."""
    folders = folders_of(state)
    folders.begin([state.runs[0].config])
    with Checkpoints(folders.checkpoints, ABOUT) as checkpoints:
        checkpoints.save(step, ARRAYS, NOTES)


def restored(state: StudyState):
    with Checkpoints(folders_of(state).checkpoints, ABOUT) as checkpoints:
        return checkpoints.restore(ARRAYS)


@pytest.fixture
def state(tmp_path) -> StudyState:
    """One unfinished run, with two checkpoints; and a speed."""
    state = state_in(tmp_path / "one")
    for step in (5, 7):
        save(state, step)
    speeds = state.records_dir / "speed" / "cpu.json"
    speeds.parent.mkdir(parents=True)
    speeds.write_text("{}")
    return state


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_fits_arrives_as_it_was(state, tmp_path):
    carried = pack(state, tmp_path / "folder", lambda: {"a": 1}, part_bytes=20_000)
    files = contents(tmp_path / "folder")
    assert carried.num_bytes == sum(map(len, files.values()))
    assert max(map(len, files.values())) <= 20_000
    assert len(files) >= 4  # 72 kB of noise
    assert (carried.unfinished, carried.is_rounded) == ({"plain on shapes3d, seed 0": 7}, False)

    other = state_in(tmp_path / "two")
    assert unpack(tmp_path / "folder", other) == {"a": 1}
    saved = restored(other)
    assert (saved.step, saved.notes) == (7, NOTES)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(saved.arrays[name], array)
    assert folders_of(other).begin([other.runs[0].config]) == []
    assert (other.records_dir / "speed" / "cpu.json").read_text() == "{}"
    assert not list(other.out_dir.glob(".unpacked-*"))


def test_moments_are_rounded_where_they_must_be_and_the_run_says_so(state, tmp_path):
    exact = pack(state, tmp_path / "exact", dict).num_bytes
    carried = pack(state, tmp_path / "folder", dict, most_bytes=exact - 10_000)
    assert carried.is_rounded
    other = state_in(tmp_path / "two")
    unpack(tmp_path / "folder", other)
    saved = restored(other)
    for name, array in ARRAYS.items():
        if "mu" in name or "nu" in name:
            assert (saved.arrays[name] != array).any()
            array = array.astype(jnp.bfloat16).astype(np.float32)
        np.testing.assert_array_equal(saved.arrays[name], array)
    said = folders_of(other).begin([other.runs[0].config])
    assert said == ["moments rounded to bfloat16 at step 7"]


def test_what_is_too_large_is_refused_and_the_folder_kept(state, tmp_path):
    folder = tmp_path / "folder"
    pack(state, folder, dict)
    before = contents(folder)
    with pytest.raises(OSError, match=r"would take [\d,]+ bytes .* at most 30,000 are allowed"):
        pack(state, folder, dict, most_bytes=30_000)
    assert contents(folder) == before


def test_a_full_disk_leaves_what_was_there(state, tmp_path, monkeypatch):
    """The second of the new files cannot be written."""
    folder = tmp_path / "folder"
    pack(state, folder, dict, part_bytes=20_000)
    before, synced = contents(folder), []

    def fill(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) == 2:
            raise OSError(28, "No space left on device")

    save(state, 9)
    monkeypatch.setattr("lib.files.os.fsync", fill)
    with pytest.raises(OSError, match=r"could not be written to .* \(No space left on device\)"):
        pack(state, folder, dict, part_bytes=20_000)
    assert contents(folder) == before
    monkeypatch.undo()
    pack(state, folder, dict, part_bytes=20_000)
    assert not contents(folder).keys() & (before.keys() - {NOTE_FILE})


def test_what_is_as_far_is_kept(state, tmp_path):
    pack(state, tmp_path / "folder", dict)
    save(state, 9)
    unpack(tmp_path / "folder", state)
    assert restored(state).step == 9


def test_what_cannot_be_gone_on_from_is_refused(state, tmp_path):
    folder = tmp_path / "folder"
    with pytest.raises(FileNotFoundError, match=r"has no carried\.json; expected a folder that"):
        unpack(folder, state)
    pack(state, folder, dict)

    note = json.loads((folder / NOTE_FILE).read_text())
    other = shutil.copytree(folder, tmp_path / "other")
    (other / NOTE_FILE).write_text(json.dumps(note | {"study": "main"}))
    with pytest.raises(ValueError, match="is of the study 'main'; expected 'toys'"):
        unpack(other, state)
    (other / NOTE_FILE).write_text(json.dumps(note | {"schema": 0}))
    with pytest.raises(ValueError, match="its schema is 0"):
        unpack(other, state)

    [part] = folder.glob("*.zip.0")
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"cannot be gone on from: .*\.zip\.0 is not what was"):
        unpack(folder, state)
    part.unlink()
    with pytest.raises(ValueError, match=r"cannot be gone on from: .*No such file"):
        unpack(folder, state)
