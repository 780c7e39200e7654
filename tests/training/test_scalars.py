"""Scalars as a run goes: lines of JSON, and TensorBoard events."""

import json
import sys

import pytest

from lib.training.scalars import Scalars


def _lines(folder):
    return [json.loads(line) for line in (folder / "scalars.jsonl").read_text().splitlines()]


def test_lines_are_there_at_once_and_later_ones_are_taken_back(tmp_path):
    """A process was killed after step 30, in the middle of a line; its checkpoint is of step 20."""
    with Scalars(tmp_path / "run", 0) as scalars:
        for step in (10, 20, 30):
            scalars.write({"step": step, "loss": 1 / step})
            assert _lines(tmp_path / "run")[-1] == {"step": step, "loss": 1 / step}
    with (tmp_path / "run" / "scalars.jsonl").open("a") as file:
        file.write('{"step": 40, "lo')
    with Scalars(tmp_path / "run", 20) as scalars:
        scalars.write({"step": 30, "loss": 5.0})
    assert [line["step"] for line in _lines(tmp_path / "run")] == [10, 20, 30]
    assert _lines(tmp_path / "run")[-1]["loss"] == 5.0


def test_tensorboard_events_can_be_read(tmp_path):
    from tensorboardX import proto  # its own reader of the records is not public

    with Scalars(tmp_path, 0, tensorboard=True) as scalars:
        scalars.write({"step": 10, "loss": 0.25, "weight_norm": 3.0})
    [file] = (tmp_path / "tensorboard").iterdir()
    data, events = file.read_bytes(), []
    while data:  # length (8 bytes), its checksum (4), the event, its checksum (4)
        length = int.from_bytes(data[:8], "little")
        events.append(proto.event_pb2.Event.FromString(data[12 : 12 + length]))
        data = data[16 + length :]
    found = {(e.step, v.tag): v.simple_value for e in events for v in e.summary.value}
    assert found == {(10, "loss"): 0.25, (10, "weight_norm"): 3.0}


def test_without_tensorboardx_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ModuleNotFoundError, match="pip install tensorboardX"):
        Scalars(tmp_path, 0, tensorboard=True)
