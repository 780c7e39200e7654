"""What a table says of two sets of images."""

from lib.benchmarks.likeness.statistics import ImageStatistics


def comparison_rows(
    reference: ImageStatistics, other: ImageStatistics
) -> list[tuple[str, str, str, str]]:
    """What a table says of two sets of images: label, reference, other, and their difference.

    Colours, contrast and the amplitude of detail are in grey levels, the shares of black and white
    pixels in per cent; detail is named by how many cycles it has along a side of the image.
    """
    first, second = (
        [
            *(
                (f"mean {color}", "{:z.1f}", level)
                for color, level in zip(
                    ("red", "green", "blue") if len(side.mean_color) == 3 else ("level",),
                    side.mean_color,
                    strict=True,
                )
            ),
            ("contrast", "{:z.1f}", side.contrast),
            ("black pixels", "{:z.1f} %", 100 * side.black),
            ("white pixels", "{:z.1f} %", 100 * side.white),
            *(
                (f"detail, {_span(low, high)}", "{:z.1f}", amplitude)
                for low, high, amplitude in side.octaves()
            ),
        ]
        for side in (reference, other)
    )
    return [
        (label, form.format(one), form.format(two), form.replace("z", "+z").format(two - one))
        for (label, form, one), (_, _, two) in zip(first, second, strict=True)
    ]


def _span(low: int, high: int) -> str:
    return "1 cycle" if high == 1 else f"{low}–{high} cycles"
