import numpy as np
import pytest

from lib.figures import spectra


def test_each_set_of_images_is_a_line_of_its_amplitudes(read, draw):
    chart = spectra({"reference tiles": [400.0, 20.0, 3.0], "rendered twin": (500, 30, 0)})
    spec, [rows] = read(chart)
    found = [(row["images"], row["cycles"], row["amplitude"]) for row in rows]
    # A logarithmic axis has no place for 0.
    assert found == [
        ("reference tiles", 1, 400),
        ("reference tiles", 2, 20),
        ("reference tiles", 3, 3),
        ("rendered twin", 1, 500),
        ("rendered twin", 2, 30),
    ]
    assert {spec["encoding"][axis]["scale"]["type"] for axis in ("x", "y")} == {"log"}
    assert "reference tiles from 400 to 3; rendered twin from 500 to 0" in spec["description"]
    assert draw(chart).count('aria-roledescription="line mark"') == 2


@pytest.mark.parametrize(
    ("amplitudes", "message"),
    [
        ({}, "at least one spectrum"),
        ({"a": np.ones((2, 2))}, r"amplitudes\['a'\] must have 1 dimensions"),
        ({"a": [0.0, 0.0]}, r"amplitudes\['a'\] must have a level above 0"),
        ({"a": [1.0, np.nan]}, r"amplitudes\['a'\] must be finite"),
    ],
)
def test_bad_input_is_named(amplitudes, message):
    with pytest.raises(ValueError, match=message):
        spectra(amplitudes)
