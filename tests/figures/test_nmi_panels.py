import numpy as np
import pytest
import vl_convert

from lib.figures import nmi_panels

NAMES = ["floor_hue", "shape"]
NMI = {
    "autoencoder": np.array([[0.1, 0.02, 0.9], [0.7, 0.3, 0.05]]),
    "QLAE": np.array([[0.0, 1.0], [1.0, 0.0]]),
    "third": np.array([[0.2], [0.4]]),
}


def table(chart, read):
    _, tables = read(chart)
    (rows,) = [rows for rows in tables if "nmi" in rows[0]]
    return {(row["representation"], row["source"], row["latent"]): row for row in rows}


def test_every_cell_holds_its_own_value_at_its_own_place(read):
    cells = table(nmi_panels(NMI, NAMES), read)
    assert len(cells) == 6 + 4 + 2
    for name, nmi in NMI.items():
        for source in range(2):
            for latent in range(nmi.shape[1]):
                assert cells[name, NAMES[source], latent]["nmi"] == nmi[source, latent]
    # By hand: the second panel starts after three latents and a gap of one; the second row of
    # panels after two sources, a row for the names and one for the latents.
    assert cells["autoencoder", "shape", 2]["left"] == 2
    assert cells["QLAE", "floor_hue", 1]["left"] == 3 + 1 + 1
    assert cells["QLAE", "floor_hue", 1]["top"] == 1
    assert cells["third", "shape", 0]["top"] == 4 + 1 + 1
    places = [(cell["left"], cell["top"]) for cell in cells.values()]
    assert len(set(places)) == len(places)


def test_inactive_latents_are_marked_in_their_own_panel_only(read):
    cells = table(nmi_panels(NMI, NAMES, {"QLAE": [True, False]}), read)
    inactive = {key for key, cell in cells.items() if cell["state"] == "inactive"}
    assert inactive == {("QLAE", "floor_hue", 1), ("QLAE", "shape", 1)}


def test_diagonal_orders_each_panel_by_itself(read):
    cells = table(nmi_panels(NMI, NAMES, diagonal=True), read)
    # By hand: floor_hue takes latent 2 of the first panel and latent 1 of the second.
    assert cells["autoencoder", "floor_hue", 2]["left"] == 0
    assert cells["QLAE", "floor_hue", 1]["left"] == 4


def test_names_of_panels_sources_and_latents_are_drawn(draw):
    svg = draw(nmi_panels(NMI, NAMES, {"QLAE": [True, False]}))
    for label in (*NMI, "floor hue", "shape", "latent"):
        assert f">{label}<" in svg


def test_a_name_on_a_phone_is_broken_between_words_and_ends_before_the_next_one():
    """240 pixels for 25 columns, of which a panel has 12: 115 pixels for 14 letters a line."""
    lines = ("the first of", "two variants", "an indivisiblelongname", "one")
    names = [" ".join(lines[:2]), lines[2], lines[3]]
    spec = nmi_panels(dict.fromkeys(names, np.full((2, 12), 0.5)), NAMES).to_dict()
    svg = vl_convert.vegalite_to_svg(spec | {"width": 240})
    for line in (*lines[:2], "an", "one"):
        assert f">{line}<" in svg
    assert svg.count("…") == 1
    assert "…" not in vl_convert.vegalite_to_svg(spec | {"width": 900})


def test_all_sources_are_named_however_low_the_rows(draw):
    # Vega drops every second label where an axis has more values than ticks.
    names = [f"source {at}" for at in range(8)]
    svg = draw(nmi_panels({"one": np.full((8, 12), 0.5), "two": np.full((8, 12), 0.5)}, names))
    assert [name for name in names if f">{name}<" not in svg] == []


def test_a_name_of_two_words_is_broken_between_them_and_nowhere_else(draw):
    svg = draw(nmi_panels({"one": np.eye(2)}, ["lighting_intensity", "indivisibleintensity"]))
    for line in ("lighting", "intensity", "indivisibleintensity"):
        assert f">{line}<" in svg


def test_a_ceiling_below_one_stands_behind_its_source_once_a_row_of_panels(draw):
    svg = draw(nmi_panels(NMI, NAMES, ceilings=[0.704, 1.0]))
    assert svg.count(">≤\N{NO-BREAK SPACE}0.70<") == 2  # two panels beside one another, one below
    assert "After ≤" in svg
    assert "≤" not in draw(nmi_panels(NMI, NAMES, ceilings=[1.0, 1.0]))
    with pytest.raises(ValueError, match="one number a source, or none: expected 2, got 1"):
        nmi_panels(NMI, NAMES, ceilings=[0.5])


def test_description_tells_the_best_latent_of_each_source():
    chart = nmi_panels(NMI, NAMES, {"third": [False]})
    assert "autoencoder: floor_hue by latent 2 (0.90), shape by latent 0 (0.70)" in (
        chart.description
    )
    assert "third: no active latent" in chart.description


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({}, NAMES), "nmi must hold at least one representation"),
        (({"a": [[2.0], [0.0]]}, NAMES), r"nmi\['a'\] must lie in \[0, 1\]"),
        (({"a": [[1.0], [0.0]]}, ["one"]), "source_names must have one label per source"),
        (
            ({"a": [[1.0], [0.0]]}, NAMES, {"a": [True, True]}),
            r"active\['a'\] must have one boolean per latent",
        ),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nmi_panels(*arguments)


def test_no_column_is_refused():
    with pytest.raises(ValueError, match="columns must be at least 1, got 0"):
        nmi_panels(NMI, NAMES, columns=0)
