"""What decoders draw: reconstructions beside their originals, and latent traversals."""

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
from numpy.typing import ArrayLike

from lib.checks import check_labels
from lib.figures.images import image_grid, pixels
from lib.figures.theme import model_label
from lib.metrics import psnr


def reconstructions(
    images: ArrayLike,
    reconstructed: Mapping[str, ArrayLike],
    *,
    title: str | None = None,
) -> alt.Chart:
    """Draw images, and under them what each model makes of them.

    Args:
        images: (num_images, height, width, 1 or 3), uint8 or floats in [0, 1].
        reconstructed: model's name -> images of the same shape and range.
        title: line above the chart.

    Returns:
        The chart; a tooltip gives the PSNR of each reconstruction in dB, as `lib.metrics.psnr`
        computes it for one image, and the description their mean.

    Raises:
        ValueError: no model, or reconstructions whose shape differs from the images'.
    """
    originals = pixels("images", images, ("num_images",))
    if not reconstructed:
        raise ValueError("reconstructed must hold at least one model, got none.")
    rows, ratios = [originals], [[""] * len(originals)]
    for name, given in reconstructed.items():
        row = pixels(f"reconstructed[{name!r}]", given, ("num_images",))
        if row.shape != originals.shape:
            raise ValueError(
                f"reconstructed[{name!r}] must have the shape of images, {originals.shape}, "
                f"got {row.shape}."
            )
        rows.append(row)
        ratios.append(
            [
                _decibels(original[None], copy[None])
                for original, copy in zip(np.asarray(images), np.asarray(given), strict=True)
            ]
        )
    names = [model_label(name) for name in reconstructed]
    means = ", ".join(
        f"{name} {_decibels(images, given)}"
        for name, given in zip(names, reconstructed.values(), strict=True)
    )
    count = len(originals)
    return image_grid(
        np.stack(rows),
        ["original", *names],
        tooltips={
            "image number": np.tile(np.arange(count), (len(rows), 1)),
            "PSNR": np.array(ratios),
        },
        row_title="row",
        title=title,
        description=f"{count} images in a row; under them their reconstructions by "
        f"{' and '.join(names)}. Mean PSNR: {means}.",
    )


def latent_traversals(
    images: ArrayLike,
    latent_labels: Sequence[str],
    value_labels: Sequence[str],
    *,
    value_title: str = "code value",
    title: str | None = None,
) -> alt.Chart:
    """Draw what a decoder makes of one image when one latent runs through its values.

    Args:
        images: (num_latents, num_values, height, width, 1 or 3), uint8 or floats in [0, 1]: in
            row j, column v, latent j has value v and every other latent keeps its own.
        latent_labels: one label a row, such as the number of the latent.
        value_labels: one label a column, such as the index of the code value.
        value_title: what the columns are, such as "quantile" where latents are continuous.
        title: line above the chart.

    Returns:
        The chart, with latent and code value in its tooltips.

    Raises:
        ValueError: wrong dimensions, or labels that do not match them.

    Source: Hsu et al. 2023, the decoded latent interventions of its figures.
    """
    grid = pixels("images", images, ("num_latents", "num_values"))
    return image_grid(
        grid,
        check_labels("latent_labels", latent_labels, grid.shape[0], "latent (row of images)"),
        check_labels("value_labels", value_labels, grid.shape[1], "value (column of images)"),
        row_title="latent",
        column_title=value_title,
        title=title,
    )


def _decibels(images: ArrayLike, copies: ArrayLike) -> str:
    ratio = psnr(np.asarray(images), np.asarray(copies))
    return f"{ratio:.1f} dB" if np.isfinite(ratio) else "identical"
