import pytest

from lib.figures import differences
from lib.metrics import mean_interval

FOUND = {
    "decay 1 less decay 0": [0.1, 0.2, 0.3],
    "a setting with a longer name less another setting": [-0.4],
}


def test_a_pair_has_its_mean_interval_and_seeds_in_a_row_of_its_own(read, draw):
    chart = differences(FOUND, "infom", {"decay 1 less decay 0": "PSNR -2.0 dB"})
    spec, tables = read(chart)
    [means] = [table for table in tables if "low" in table[0] and len(table) == 2]
    mean, half_width = mean_interval([0.1, 0.2, 0.3])
    assert means[0]["difference"] == pytest.approx(mean)
    assert means[0]["low"] == pytest.approx(mean - half_width, abs=1e-4)
    assert means[0]["high"] == pytest.approx(mean + half_width, abs=1e-4)
    assert means[1]["difference"] == -0.4
    assert means[1]["low"] is None  # one seed has no interval
    [seeds] = [table for table in tables if len(table) == 4]
    assert [row["difference"] for row in seeds] == [0.1, 0.2, 0.3, -0.4]
    assert seeds[0]["y"] == seeds[2]["y"] == means[0]["y"] < means[1]["y"]
    ends = f"({mean - half_width:+.2f} to {mean + half_width:+.2f})"
    assert f"decay 1 less decay 0: +0.20 {ends}; a setting" in spec["description"]
    assert spec["description"].endswith("another setting: -0.40.")
    svg = draw(chart)
    assert svg.index("decay 1 less decay 0") < svg.index("a setting with")
    assert "PSNR -2.0 dB" in svg
    assert "difference in InfoM (modularity)" in svg


def test_a_long_name_is_broken_between_words_and_moves_what_is_under_it(read):
    _, tables = read(differences(FOUND, "infom"))
    [words] = [table for table in tables if "text" in table[0]]
    assert [row["text"] for row in words] == [
        "decay 1 less decay 0",
        "a setting with a longer name less another",
        "setting",
    ]
    assert [row["y"] for row in words] == [9, 9 + 18 + 28, 9 + 18 + 28 + 18]


def test_one_seed_of_each_pair_has_no_interval(draw):
    chart = differences({"decay 1 less decay 0": [0.1]}, "psnr")
    assert chart.to_dict()["title"]["text"] == ["Of one seed each."]
    assert "decay" in draw(chart)


@pytest.mark.parametrize("found", [{}, {"one less other": []}])
def test_pairs_without_differences_are_refused(found):
    with pytest.raises(ValueError, match="found must hold a pair"):
        differences(found, "infom")
