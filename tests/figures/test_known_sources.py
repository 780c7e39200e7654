import pandas as pd
import pytest

from lib.figures import known_sources, source_changes

KNOWN = pd.DataFrame(
    {
        "source": ["hue", "shape"] * 4,
        "group": ["qlae"] * 4 + ["autoencoder"] * 4,
        "seed": [0, 0, 1, 1] * 2,
        "nmi": [0.9, 0.2, 0.7, 0.4, 0.3, 0.1, 0.3, 0.1],
    }
)
CHANGES = pd.DataFrame(
    {
        "benchmark": ["One", "One", "Two"],
        "source": ["hue", "shape", "hue"],
        "smallest": [0.5, 0.01, 2.0],
        "median": [12.0, 0.4, 3.0],
    }
)


def test_the_best_latents_are_means_over_seeds_in_the_order_given(read, draw):
    chart = known_sources(KNOWN, ["shape", "hue"], {"hue": 0.7})
    spec, tables = read(chart)
    [means] = [t for t in tables if "nmi" in t[0] and "seed" not in t[0]]
    found = {(row["source"], row["group"]): row["nmi"] for row in means}
    assert found == {
        ("hue", "QLAE"): 0.8,
        ("shape", "QLAE"): pytest.approx(0.3),
        ("hue", "autoencoder"): 0.3,
        ("shape", "autoencoder"): 0.1,
    }
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["shape", "hue"]
    [ceilings] = [t for t in tables if "ceiling" in t[0]]
    assert ceilings == [{"source": "hue", "ceiling": 0.7}]
    assert "shape, QLAE: 0.30" in spec["description"]
    draw(chart)


def test_changes_keep_their_order_on_a_logarithmic_axis(read, draw):
    chart = source_changes(CHANGES)
    spec, [rows] = read(chart)
    encoding = spec["layer"][2]["encoding"]
    assert encoding["y"]["sort"] == ["One: hue", "One: shape", "Two: hue"]
    assert encoding["x"]["scale"]["type"] == "log"
    assert [row["median"] for row in rows] == [12.0, 0.4, 3.0]
    assert "One: shape 0.40" in spec["description"]
    draw(chart)


def test_bad_frames_are_refused():
    with pytest.raises(ValueError, match=r"columns \['nmi'\]"):
        known_sources(KNOWN.drop(columns="nmi"), ["hue", "shape"])
    with pytest.raises(ValueError, match=r"it lacks \['shape'\]"):
        known_sources(KNOWN, ["hue"])
    with pytest.raises(ValueError, match=r"columns \['median'\]"):
        source_changes(CHANGES.drop(columns="median"))
    with pytest.raises(ValueError, match="medians above 0"):
        source_changes(CHANGES.assign(median=0.0))


def test_a_change_of_nothing_has_no_tick(read, draw):
    chart = source_changes(CHANGES.assign(smallest=[0.0, 0.01, 2.0]))
    _, [rows] = read(chart)
    assert [row["smallest"] for row in rows] == [None, 0.01, 2.0]
    draw(chart)
