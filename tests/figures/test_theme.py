import itertools
import json

import altair as alt
import numpy as np
import pandas as pd
import pytest

from lib.figures import finish, group_scales, legend, model_label, theme
from lib.models import MODELS
from lib.scores import SCORES

# How their authors write them.
LABELS = {
    "autoencoder": "autoencoder",
    "qlae": "QLAE",
    "beta_vae": "β-VAE",
    "beta_tcvae": "β-TCVAE",
    "bioae": "BioAE",
    "vqvae": "VQ-VAE",
    "infowgan_gp": "InfoWGAN-GP",
    "qlinfowgan_gp": "QLInfoWGAN-GP",
    "tripod": "Tripod",
}
COLORS = {name: MODELS[name].color for name in LABELS}
# Every colour that means something: a model, a score, one of several variants, what is pointed at.
MEANINGS = {
    **COLORS,
    **{name: score.color for name, score in SCORES.items() if score.color},
    **{f"variant {at}": color for at, color in enumerate(theme.VARIANTS)},
    "accent": theme.ACCENT,
}


def some_chart() -> alt.Chart:
    return alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x:Q")


def linear(color: str) -> np.ndarray:
    part = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def luminance(color: str) -> float:
    return float(linear(color) @ [0.2126, 0.7152, 0.0722])  # WCAG 2, relative luminance


def test_every_model_of_the_design_has_its_own_label_colour_and_shape():
    assert {name: model_label(name) for name in LABELS} == LABELS
    color, shape = group_scales(LABELS)
    assert sorted(color.domain) == sorted(LABELS.values())
    found = dict(zip(color.domain, color.range, strict=True))
    assert {name: found[label] for name, label in LABELS.items()} == COLORS
    assert len(set(color.range)) == len(set(shape.range)) == len(LABELS)


def test_a_score_keeps_its_colour_beside_others_and_is_written_with_its_unit():
    color, shape = group_scales(["infom", "mine", "psnr", "infoc"])
    assert color.domain[:2] == ["InfoM (modularity)", "InfoC (compactness)"]
    assert set(color.domain[2:]) == {"mine", "PSNR (dB)"}
    assert color.range[:2] == [SCORES["infom"].color, SCORES["infoc"].color]
    assert shape.range[:2] == [SCORES["infom"].marker, SCORES["infoc"].marker]
    assert len(set(color.range)) == len(set(shape.range)) == 4


@pytest.mark.parametrize("page", ["#ffffff", "#14181e"])
def test_colours_stand_out_from_light_and_dark_pages(page):
    for color in MEANINGS.values():
        low, high = sorted([luminance(color), luminance(page)])
        assert (high + 0.05) / (low + 0.05) >= 3


def test_no_two_colours_of_the_book_are_alike_also_for_colour_blind_eyes():
    # Severity 1.0 of Machado, Oliveira and Fernandes (2009), protanopia and deuteranopia.
    eyes = [
        np.eye(3),
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ]
    for eye in eyes:
        seen = [np.clip(np.asarray(eye) @ linear(color), 0, 1) for color in MEANINGS.values()]
        # Cube roots make equal steps look about equal; 0.08 is many just noticeable ones.
        pairs = itertools.combinations(np.cbrt(seen), 2)
        assert min(np.linalg.norm(one - other) for one, other in pairs) > 0.08


def test_a_model_keeps_its_colour_and_shape_whoever_stands_beside_it():
    alone, alone_shape = group_scales(["qlae"])
    color, shape = group_scales(["mine", "qlae", "autoencoder", "mine"])
    assert color.domain == ["autoencoder", "QLAE", "mine"]
    assert color.range[:2] == [COLORS["autoencoder"], COLORS["qlae"]]
    assert alone.range == [COLORS["qlae"]]
    assert alone_shape.range[0] == shape.range[1]
    assert len(set(color.range)) == len(set(shape.range)) == 3


def test_more_groups_than_colours_are_refused():
    with pytest.raises(ValueError, match="names must hold at most 8 different groups, got 10"):
        group_scales([f"run {at}" for at in range(10)])


def test_a_legend_fits_a_phone():
    def columns(labels):
        return legend(labels).to_dict()["columns"]["expr"]

    # At about 7 pixels a character and 32 for the symbol, 290 pixels on a phone, 560 elsewhere
    assert columns(["autoencoder", "QLAE"]) == "width < 480 ? 2 : 2"
    assert columns(list(LABELS.values())) == "width < 480 ? 2 : 4"
    assert columns(["x" * 60]) == "width < 480 ? 1 : 1"


@pytest.mark.parametrize("description", ["", "  \n", None])
def test_a_figure_without_a_description_is_refused(description):
    with pytest.raises(ValueError, match="description must say in words"):
        finish(some_chart(), description, height=100)


def test_finish_sets_width_background_and_description_and_no_colour_of_text(read):
    spec, _ = read(finish(some_chart(), "Two  points\n in a row.", height=120, title="A " * 40))
    assert spec["description"] == "Two points in a row."
    assert spec["width"] == "container"
    assert spec["height"] == 120
    assert spec["autosize"] == {"type": "fit-x", "contains": "padding"}
    assert spec["config"]["background"] == "transparent"
    texts = [spec["config"][part] for part in ("axis", "legend", "title")]
    assert not {"labelColor", "titleColor", "color", "subtitleColor"} & set().union(*texts)


def test_a_long_title_is_wrapped_for_the_width_of_the_page(read, draw):
    chart = finish(some_chart(), "Two points.", height=90, title="word " * 12, subtitle="s " * 40)
    spec, _ = read(chart)
    narrow, wide = json.loads(
        spec["title"]["text"]["expr"].removeprefix("width < 480 ? ").join("[]").replace(" : ", ",")
    )
    assert narrow == ["word word word word word word word", "word word word word word"]
    assert wide == [" ".join(["word"] * 12)]
    assert len(spec["title"]["subtitle"]) == 2
    assert ">word word word word word word word</" in draw(chart)  # 300 px wide


def test_a_short_title_is_written_as_it_is(read):
    spec, _ = read(finish(some_chart(), "Two points.", height=90, title="Two points"))
    assert spec["title"]["text"] == ["Two points"]


def test_a_height_may_follow_the_width(read, draw):
    chart = finish(some_chart(), "Two points.", height="width / 2")
    spec, _ = read(chart)
    assert {"name": "height", "expr": "width / 2"} in spec["params"]
    # Without a container Vega is 300 px wide: 150 for the marks, about 30 for axis and padding.
    assert 150 < float(draw(chart).split('height="')[1].split('"')[0]) < 200


def test_importing_figures_changes_nothing_for_other_charts():
    assert some_chart().to_dict()["config"] == {
        "view": {"continuousWidth": 300, "continuousHeight": 300}  # Altair's own default
    }
