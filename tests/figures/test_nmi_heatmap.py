import numpy as np
import pytest

from lib.figures import diagonal_order, nmi_heatmap

NMI = np.array([[0.1, 0.02, 0.9, 0.0], [0.7, 0.3, 0.05, 0.0]])
NAMES = ["floor_hue", "shape"]
ACTIVE = [True, True, True, False]


def cell(rows, source, latent):
    (row,) = [row for row in rows if row["source"] == source and row["latent"] == latent]
    return row


def test_every_cell_holds_its_own_value(read):
    _, (rows,) = read(nmi_heatmap(NMI, NAMES, ACTIVE))
    assert len(rows) == 8
    for source, name in enumerate(NAMES):
        for latent in range(4):
            row = cell(rows, name, latent)
            assert row["nmi"] == NMI[source, latent]
            assert (row["row"], row["column"]) == (source, latent)
            assert row["state"] == ("active" if ACTIVE[latent] else "inactive")


def test_colours_span_zero_to_one_whatever_the_values(read):
    spec, _ = read(nmi_heatmap(NMI * 0.1, NAMES))
    assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == [0, 1]


def test_diagonal_order_matches_each_source_with_a_latent(read):
    # By hand: source 0 takes latent 2, source 1 latent 0; latent 1 is left, latent 3 inactive.
    assert diagonal_order(NMI, ACTIVE).tolist() == [2, 0, 1, 3]
    spec, (rows,) = read(nmi_heatmap(NMI, NAMES, ACTIVE, diagonal=True))
    assert cell(rows, "floor_hue", 2)["column"] == 0
    assert cell(rows, "shape", 0)["column"] == 1
    axis = spec["layer"][0]["encoding"]["x"]["axis"]
    assert axis["labelExpr"] == '["2", "0", "1", "3"][datum.value]'


def test_diagonal_order_maximises_the_sum_rather_than_each_row():
    # Greedy would give source 0 its best latent 0 (0.9 + 0.1); the best sum is 0.8 + 0.85.
    assert diagonal_order([[0.9, 0.8], [0.85, 0.1]]).tolist() == [1, 0]


def test_diagonal_order_undoes_a_permutation():
    permutation = np.random.default_rng(1).permutation(6)
    shuffled = np.eye(6)[:, permutation]
    assert (shuffled[:, diagonal_order(shuffled)] == np.eye(6)).all()


def test_more_sources_than_active_latents_can_be_ordered():
    assert diagonal_order([[0.1, 0.2], [0.3, 0.9], [0.0, 0.1]], [False, True]).tolist() == [1, 0]


def test_a_ceiling_below_one_stands_behind_its_source(read):
    spec, _ = read(nmi_heatmap(NMI, NAMES, ACTIVE, ceilings=[0.704, 1.0]))
    axis = spec["layer"][0]["encoding"]["y"]["axis"]["labelExpr"]
    assert axis == '[["floor hue", "≤\N{NO-BREAK SPACE}0.70"], ["shape"]][datum.value]'
    assert "After ≤" in " ".join(spec["title"]["text"])


def test_the_description_tells_the_best_latent_of_each_source(read):
    spec, _ = read(nmi_heatmap(NMI, NAMES, ACTIVE))
    assert "3 of them active" in spec["description"]
    assert "floor_hue by latent 2 (0.90), shape by latent 0 (0.70)" in spec["description"]


def test_numbers_are_drawn_for_active_latents_only(draw):
    svg = draw(nmi_heatmap(NMI, NAMES, ACTIVE, title="NMI"))
    for number in ("0.90", "0.70", "0.02"):
        assert f">{number}</text>" in svg
    assert ">0.00</text>" not in svg
    assert "Grey columns: inactive latents." in svg


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((NMI[0], NAMES), r"nmi must have 2 dimensions \(num_sources, num_latents\)"),
        ((NMI, ["one"]), "source_names must have one label per source.*expected 2, got 1"),
        ((NMI, "ab"), "source_names must be a sequence of labels, got the single string 'ab'"),
        ((NMI, NAMES, [True]), "active must have one boolean per latent.*expected 4, got 1"),
        ((NMI * np.nan, NAMES), "nmi must be finite, got 8 NaN or infinite values out of 8"),
        ((NMI * 2, NAMES), r"nmi must lie in \[0, 1\], got values from 0 to 1.8"),
        ((NMI.astype(str), NAMES), "nmi must hold numbers, got dtype <U32"),
        ((NMI[:0], []), r"nmi is empty: shape \(0, 4\)"),
        (([[1, 2], [3]], NAMES), "nmi must be an array .* got rows of different lengths"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        nmi_heatmap(*arguments)
