import re

import pandas as pd
import pytest
import vl_convert

from lib.figures import score_intervals
from lib.models import MODELS

RUNS = pd.DataFrame(
    {
        "model": ["qlae"] * 3 + ["autoencoder"],
        "weight_decay": [0.1, 0.0, 0.1, 0.0],
        "seed": [0, 1, 2, 0],
        "infom": [0.8, 0.7, 0.9, 0.4],
        "infoe": [0.9, 0.9, 0.9, 0.95],
        "infoc": [0.5, 0.5, 0.5, 0.3],
        "psnr": [25.0, 26.0, 24.0, 28.0],
    }
)


def tables_of(tables):
    (means,) = [table for table in tables if "mean" in table[0]]
    (seeds,) = [table for table in tables if "value" in table[0]]
    return means, seeds


def test_models_are_compared_by_mean_and_interval(read, draw):
    chart = score_intervals(RUNS, "score", color="model", title="Scores")
    spec, tables = read(chart)
    means, seeds = tables_of(tables)
    (row,) = [r for r in means if r["group"] == "QLAE" and r["x"] == "InfoM (modularity)"]
    # 0.7, 0.8, 0.9: mean 0.8, standard deviation 0.1; t(0.975, 2) = 4.3027 of any table.
    assert row["mean"] == 0.8
    assert row["low"] == pytest.approx(0.8 - 4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert row["high"] == pytest.approx(0.8 + 4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert row["num_runs"] == 3
    (single,) = [r for r in means if r["group"] == "autoencoder" and r["score"] == "infoe"]
    assert (single["mean"], single["low"]) == (0.95, None)  # one run has no interval
    assert sorted(r["value"] for r in seeds if r["score"] == "infom") == [0.4, 0.7, 0.8, 0.9]
    scale = spec["layer"][0]["encoding"]["color"]["scale"]
    assert scale["range"] == [MODELS["autoencoder"].color, MODELS["qlae"].color]
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, 1]
    for layer in spec["layer"]:  # entries of one name would replace one another
        names = [entry.get("title", entry["field"]) for entry in layer["encoding"]["tooltip"]]
        assert len(set(names)) == len(names)
    assert "InfoM (modularity), QLAE: 0.80 (0.55 to 1.05)" in spec["description"]
    assert "InfoE (explicitness), autoencoder: 0.95;" in spec["description"]
    draw(chart)


def test_a_sweep_stands_in_increasing_order_with_a_colour_a_score(read, draw):
    chart = score_intervals(RUNS[RUNS.model == "qlae"], "weight_decay")
    spec, tables = read(chart)
    encoding = spec["layer"][0]["encoding"]
    assert encoding["x"]["sort"] == ["0", "0.1"]
    assert encoding["x"]["title"] == "weight decay"
    assert encoding["color"]["scale"]["domain"] == [
        "InfoM (modularity)",
        "InfoE (explicitness)",
        "InfoC (compactness)",
    ]
    means, _ = tables_of(tables)
    assert {r["x"]: r["mean"] for r in means if r["score"] == "infom"} == {
        "0": 0.7,
        "0.1": pytest.approx(0.85),
    }
    draw(chart)


def test_a_score_with_a_unit_stands_alone(read, draw):
    chart = score_intervals(RUNS, "weight_decay", ["psnr"], color="model", seed=None)
    spec, tables = read(chart)
    assert spec["layer"][0]["encoding"]["y"]["title"] == "PSNR (dB)"
    means, _ = tables_of(tables)
    assert {(r["x"], r["group"]): r["mean"] for r in means} == {
        ("0.1", "QLAE"): 24.5,
        ("0", "QLAE"): 26.0,
        ("0", "autoencoder"): 28.0,
    }
    draw(chart)


def test_no_interval_is_drawn_where_every_group_has_one_run(read):
    def marks(frame):
        spec, _ = read(score_intervals(frame, "model"))
        return spec["title"]["text"][0][:8], [layer["mark"]["type"] for layer in spec["layer"]]

    assert marks(RUNS) == ("Mean and", ["rule", "tick", "point"])
    assert marks(RUNS.iloc[[0, 3]]) == ("One seed", ["tick", "point"])


def test_undefined_scores_are_left_out_and_counted(read, draw):
    runs = RUNS.astype({"infom": object})
    runs.loc[0, "infom"] = None  # as in a record without an active latent
    chart = score_intervals(runs, "score", color="model")
    spec, tables = read(chart)
    means, _ = tables_of(tables)
    (row,) = [r for r in means if r["group"] == "QLAE" and r["score"] == "infom"]
    assert (row["mean"], row["num_runs"]) == (0.8, 2)
    assert "undefined score: 1 of 12." in " ".join(spec["title"]["text"])
    draw(chart)


def test_names_that_have_no_room_beside_one_another_slant():
    names = ["floor hue", "wall hue", "object hue", "scale", "shape", "orientation"]
    runs = pd.DataFrame({"source": names, "model": "qlae", "seed": 0, "NMI": 0.5})
    spec = score_intervals(runs, "source", "NMI", color="model").to_dict()
    few = score_intervals(runs[3:5], "source", "NMI", color="model").to_dict()
    for chart, width, slants in ((spec, 240, True), (spec, 620, False), (few, 240, False)):
        svg = vl_convert.vegalite_to_svg(chart | {"width": width})
        labels = re.findall(r'<text [^>]*transform="([^"]*)"[^>]*>(?:scale|shape)<', svg)
        assert ["rotate(-40)" in label for label in labels] == [slants] * 2


def test_the_order_of_runs_changes_no_mean(read):
    def means(runs):
        table, _ = tables_of(read(score_intervals(runs, "score", color="model"))[1])
        return sorted((r["x"], r["group"], r["mean"], r["high"]) for r in table if r["high"])

    assert means(RUNS) == means(RUNS.sample(frac=1, random_state=0))


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((RUNS, "decay"), {}, r"frame must have the columns \['decay'\]; it has \['model'"),
        ((RUNS, "model", ["mig"]), {}, r"frame must have the columns \['mig'\]"),
        ((RUNS, "model", ["infom", "psnr"]), {}, "scores must share a unit"),
        ((RUNS, "model", []), {}, "scores must name at least one column"),
        ((RUNS, "score"), {}, "color must name a column other than x='score', got None"),
        ((RUNS, "model"), {"color": "model"}, "color must name a column other than x='model'"),
        ((RUNS[:0], "model"), {}, "frame must hold at least one run"),
        ((RUNS.assign(infom=float("inf")), "model"), {}, r"frame\['infom'\] must be finite"),
        ((RUNS.assign(infom=float("nan")), "model"), {}, r"frame\['infom'\] is empty"),
    ],
)
def test_bad_input_is_named(arguments, settings, message):
    with pytest.raises(ValueError, match=message):
        score_intervals(*arguments, **settings)
