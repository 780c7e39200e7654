import numpy as np
import pytest

from lib.figures import training_curves
from lib.models import MODELS

CURVES = {
    "qlae, seed 0": {"step": [0, 10, 20], "loss": [1.0, 0.5, 0.25], "psnr": [10, 20, 21]},
    "qlae, seed 1": {"step": [0, 10, 20], "loss": [1.5, 0.6, 0.35], "psnr": [11, 19, 22]},
    "autoencoder": {"step": [0, 20], "loss": [2.0, 0.125], "psnr": [9, 25]},
}
GROUPS = {name: name.split(",")[0] for name in CURVES}


def test_each_run_keeps_its_points_and_its_models_colour(read, draw):
    chart = training_curves(CURVES, groups=GROUPS, title="Training")
    spec, (runs,) = read(chart)
    assert {run["run"]: run["value"] for run in runs} == {
        name: curve["loss"] for name, curve in CURVES.items()
    }
    assert {run["group"] for run in runs} == {"QLAE", "autoencoder"}
    scale = spec["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == ["autoencoder", "QLAE"]
    assert scale["range"] == [MODELS["autoencoder"].color, MODELS["qlae"].color]
    assert "autoencoder from 2 to 0.125" in spec["description"]
    assert draw(chart).count('aria-roledescription="line mark"') == 3


def test_another_quantity_and_a_logarithmic_axis(read, draw):
    chart = training_curves(CURVES, "psnr", log=True, quantity_title="PSNR (dB)")
    spec, (runs,) = read(chart)
    assert runs[2]["value"] == [9, 25]
    axis = spec["layer"][0]["encoding"]["y"]
    assert axis["scale"]["type"] == "log"
    assert axis["title"] == "PSNR (dB)"
    draw(chart)


def test_a_single_run_needs_no_legend(read):
    spec, _ = read(training_curves({"run": CURVES["autoencoder"]}))
    assert spec["layer"][0]["encoding"]["color"]["legend"] is None


def test_long_runs_are_thinned_but_keep_their_ends(read):
    steps = np.arange(20_000)
    _, (runs,) = read(training_curves({"run": {"step": steps, "loss": 1 / (1 + steps)}}))
    (run,) = runs
    assert len(run["step"]) == len(run["value"]) == 300
    assert (run["step"][0], run["step"][-1]) == (0, 19_999)
    assert run["value"] == pytest.approx(1 / (1 + np.array(run["step"])), rel=1e-4)


@pytest.mark.parametrize(
    ("curves", "settings", "message"),
    [
        ({}, {}, "curves must hold at least one run, got none"),
        (CURVES, {"quantity": "elbo"}, "must hold 'elbo'; it holds .*'loss'"),
        (CURVES, {"groups": {"autoencoder": "a"}}, "groups must name the group of every run"),
        ({"a": {"step": [0], "loss": [1, 2]}}, {}, "as many steps as values .* got 1 and 2"),
        ({"a": {"step": [0], "loss": [np.nan]}}, {}, r"curves\['a'\]\['loss'\] must be finite"),
        ({"a": {"step": [0], "loss": [0.0]}}, {"log": True}, "positive on a logarithmic axis"),
    ],
)
def test_bad_input_is_named(curves, settings, message):
    with pytest.raises(ValueError, match=message):
        training_curves(curves, **settings)
