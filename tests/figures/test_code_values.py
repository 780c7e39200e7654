import numpy as np
import pytest

from lib.figures import code_values

STEPS = [0, 100, 300]
HISTORY = np.random.default_rng(0).normal(size=(3, 5, 4))


def lines(tables):
    (table,) = [table for table in tables if "index" in table[0]]
    return table


def test_each_line_holds_one_value_of_one_latent(read, draw):
    chart = code_values(HISTORY, STEPS)
    spec, tables = read(chart)
    for line in lines(tables):
        expected = HISTORY[:, line["latent"], line["index"]]
        assert line["value"] == pytest.approx(expected, abs=5e-5)
        assert line["step"] == STEPS
    assert len(lines(tables)) == 20
    assert "4 code values of 5 latents from step 0 to 300" in spec["description"]
    svg = draw(chart)
    assert svg.count('aria-roledescription="line mark"') == 20
    assert [f">latent {latent}</text>" in svg for latent in range(6)] == [True] * 5 + [False]


def test_chosen_latents_stand_in_the_order_given(read):
    _, tables = read(code_values(HISTORY, STEPS, latents=[4, 1]))
    assert {line["latent"]: line["place"] for line in lines(tables)} == {4: 0, 1: 1}


def test_constant_values_can_be_drawn(draw):
    draw(code_values(np.zeros((3, 1, 2)), STEPS))


def test_long_histories_are_thinned_but_keep_their_ends(read):
    _, tables = read(code_values(np.zeros((1000, 12, 10)), np.arange(1000)))
    line = lines(tables)[0]
    assert len(line["value"]) == 41  # 5,000 points of a chart over 120 lines
    assert (line["step"][0], line["step"][-1]) == (0, 999)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((HISTORY[0], STEPS), r"history must have 3 dimensions \(num_snapshots"),
        ((HISTORY, STEPS[:2]), "steps must have one entry per snapshot of history: expected 3"),
        ((HISTORY, [0, 2, 2]), r"steps must increase .* got \[0, 2, 2\]"),
        ((HISTORY[:1], [0]), "steps must increase over at least two snapshots"),
        ((HISTORY, STEPS, [5]), r"latents must name latents between 0 and 4, got \[5\]"),
        ((HISTORY, STEPS, []), "latents must name latents"),
        ((HISTORY * np.inf, STEPS), "history must be finite"),
        ((np.zeros((2, 60, 50)), [0, 1]), "latents must be fewer: 60 latents of 50 values"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        code_values(*arguments)
