import pandas as pd
import pytest

from lib.figures import roofline, scaling

POINTS = pd.DataFrame(
    {
        "flops_per_byte": [2.0, 40.0],
        "flops_per_s": [10e9, 60e9],
        "setting": ["MLP", "convolutional"],
        "batch": [16, 8],
    }
)
RATES = pd.DataFrame({"seeds": [4, 1, 2], "images_per_s": [3000.0, 1000.0, 1900.0]})


def test_roof_bends_where_memory_and_products_are_as_fast(read, draw):
    chart = roofline(POINTS, 100e9, 10e9)
    spec, tables = read(chart)
    roof = next(table for table in tables if "group" not in table[0])
    assert [row["rate"] for row in roof] == pytest.approx([10, 100, 100])
    assert [row["intensity"] for row in roof] == pytest.approx([1, 10, 80])
    points = next(table for table in tables if "group" in table[0])
    assert [row["rate"] for row in points] == [10, 60]
    assert [row["share"] for row in points] == pytest.approx([0.5, 0.6])
    assert "MLP, batch 16: 10 GFLOP/s at 2 FLOP/B, 50% of the roof" in spec["description"]
    assert "100 GFLOP/s in matrix products" in " ".join(spec["title"]["text"])
    encoding = spec["layer"][0]["encoding"]
    assert {encoding[axis]["scale"]["type"] for axis in ("x", "y")} == {"log"}
    svg = draw(chart)
    assert all(f">{batch}</text>" in svg for batch in (16, 8))


def test_measured_rates_and_the_line_in_proportion(read, draw):
    chart = scaling(RATES, "seeds", x_title="seeds at once")
    spec, tables = read(chart)
    perfect = next(table for table in tables if len(table) == 2)
    assert [(row["x"], row["rate"]) for row in perfect] == [(0, 0), (4, 4000)]
    measured = next(table for table in tables if len(table) == 3)
    assert [(row["x"], row["ratio"]) for row in measured] == [(1, 1), (2, 1.9), (4, 3)]
    assert spec["layer"][0]["encoding"]["x"]["axis"]["values"] == [1, 2, 4]
    assert spec["description"] == (
        "Images a second against seeds at once: 1,000 with 1, 1,900 with 2, 3,000 with 4."
    )
    assert draw(chart).count('aria-roledescription="line mark"') == 2


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        (lambda: roofline(POINTS.drop(columns="batch"), 1, 1), r"columns \['batch'\]"),
        (lambda: roofline(POINTS, 0.0, 1), "matmul_flops_per_s must be above 0, got 0.0"),
        (lambda: roofline(POINTS, 1, -1), "memory_bytes_per_s must be above 0"),
        (lambda: roofline(POINTS.assign(flops_per_s=0), 1, 1), r"\['flops_per_s'\] must be above"),
        (lambda: scaling(RATES, "devices"), r"columns \['devices'\]"),
        (lambda: scaling(RATES[:0], "seeds"), r"frame\['seeds'\] is empty"),
        (lambda: scaling(RATES.assign(seeds=0), "seeds"), r"\['seeds'\] must be above 0, got 0"),
    ],
)
def test_bad_input_is_named(figure, message):
    with pytest.raises(ValueError, match=message):
        figure()
