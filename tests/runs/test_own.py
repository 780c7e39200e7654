"""Models of one's own images are trained, saved and loaded without a benchmark."""

import json

import numpy as np
import pytest

from lib.runs import OwnModel
from lib.runs.parameters import named_parameters

SETTINGS = {
    "resolution": 8,
    "channels": 1,
    "seed": 3,
    "network": "mlp",
    "width": 16,
    "num_latents": 4,
    "num_values": 5,
    "steps": 200,
    "batch_size": 16,
    "learning_rate": 5e-3,
    "weight_decay": 0.1,
    "schedule": "constant",
    "precision": "float32",
    "note": "kept as it is",
}


def images(seed: int = 0) -> np.ndarray:
    """Bright squares at random places."""
    drawn = np.zeros((60, 8, 8, 1), np.uint8)
    for picture, (x, y) in zip(
        drawn, np.random.default_rng(seed).integers(0, 6, (60, 2)), strict=True
    ):
        picture[y : y + 3, x : x + 3] = 255
    return drawn


@pytest.fixture(scope="module")
def trained() -> OwnModel:
    return OwnModel.train("qlae", SETTINGS, images())


def test_training_lowers_the_error_on_the_images(trained):
    untrained = OwnModel.build("qlae", SETTINGS)

    def error(own: OwnModel) -> float:
        return float(np.mean((own.reconstruct(images())[1] - images() / 255) ** 2))

    assert error(trained) < 0.8 * error(untrained)


def test_a_loaded_model_has_the_same_parameters_latents_and_settings(trained, tmp_path):
    path = trained.save(tmp_path / "model.npz")
    again = OwnModel.load(path)
    assert (again.kind, again.settings) == (trained.kind, trained.settings)
    before, after = named_parameters(trained.model), named_parameters(again.model)
    assert list(before) == list(after)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)
    for one, other in zip(
        trained.reconstruct(images(1)), again.reconstruct(images(1)), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert [each.name for each in tmp_path.iterdir()] == ["model.npz"]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"kind": "qlea"}, ValueError, "kind='qlea' .*qlae"),
        ({"num_values": 1}, ValueError, "num_values=1"),
        ({"width": "wide"}, TypeError, "width='wide'"),
        (
            {"channels": None, "weight_decay": None},
            TypeError,
            "settings have no 'channels', 'weight_decay'; expected all of resolution, channels",
        ),
        (
            {"weigth_decay": 5.0},
            TypeError,
            "'weigth_decay'.* no setting of qlae. Did you mean weight",
        ),
        (
            {"resolution": 16},
            ValueError,
            r"images have shape \(60, 8, 8, 1\) and dtype uint8; expected uint8 of \(n, 16, 16",
        ),
    ],
)
def test_bad_settings_are_named_before_anything_is_trained(changes, error, message):
    given = {"kind": "qlae", **SETTINGS, **changes}
    kind = given.pop("kind")
    settings = {name: value for name, value in given.items() if value is not None}
    with pytest.raises(error, match=message):
        OwnModel.train(kind, settings, images())


@pytest.mark.parametrize(
    "given",
    [images()[:0], images()[0], images() / 255, images().repeat(3, axis=3), images()[:, :4, :4]],
    ids=["none", "one", "floats", "colours", "smaller"],
)
def test_images_of_another_kind_are_not_reconstructed(trained, given):
    with pytest.raises(
        TypeError if given.dtype != np.uint8 else ValueError,
        match=r"images have shape .*; expected uint8 of \(n, 8, 8, 1\)",
    ):
        trained.reconstruct(given)


def test_what_is_no_saved_model_is_named(trained, tmp_path):
    with pytest.raises(FileNotFoundError):
        OwnModel.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", values=np.zeros(3))
    whole = trained.save(tmp_path / "model.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    with np.load(tmp_path / "model.npz") as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about.json"]))
    about["settings"]["width"] = 17
    np.savez(tmp_path / "wider.npz", **(arrays | {"about.json": np.asarray(json.dumps(about))}))
    reasons = {
        "text": "no .npz file",
        "other": "about",
        "half": "no .npz file",
        "wider": "settings",
    }
    for name, reason in reasons.items():
        with pytest.raises(
            ValueError, match=rf"{name}\.npz is no model that OwnModel\.save wrote .*{reason}"
        ):
            OwnModel.load(tmp_path / f"{name}.npz")


def test_a_place_that_cannot_be_written_is_named(trained, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none/model\.npz'$"):
        trained.save(tmp_path / "none" / "model.npz")
