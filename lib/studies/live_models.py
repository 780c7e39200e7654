"""Recorded models of a study as decoders that run in the page."""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import nnx

from lib import figures
from lib.figures.packed_decoder import RoundedDecoder, reordered
from lib.metrics import psnr
from lib.models import MODELS
from lib.runs import RunRecord
from lib.scores import SCORES
from lib.studies.known import KnownSources
from lib.studies.words import NO_SOURCE, best_sources, latent_words, score_words

# A continuous latent moves between these quantiles over images, in so many steps.
_QUANTILES, _STEPS = (0.005, 0.995), 49


class Travel(NamedTuple):
    """Where the sliders of a model's latents can go.

    Attributes:
        positions: for each latent, the values that the decoder reads, in increasing order.
        starts: `(n, num_latents)`, the nearest position of each image's latents.
    """

    positions: list[np.ndarray]
    starts: np.ndarray


def travel(model: nnx.Module, images: np.ndarray) -> Travel:
    """The positions of a model's latents: all code values, or steps through their range.

    Args:
        model: a trained autoencoder whose decoder reads one number a latent.
        images: uint8, `(n, height, width, channels)`, of which a range is taken.
    """
    latents = np.asarray(model(jnp.asarray(images, jnp.float32) / 255).code.decoder_input)
    if hasattr(model.latent, "values"):
        values = np.broadcast_to(
            model.latent.values[...], (latents.shape[1], model.latent.values.shape[1])
        )
        positions = list(np.sort(values, axis=1))
    else:
        low, high = np.quantile(latents, _QUANTILES, axis=0)
        positions = list(np.linspace(low, high, _STEPS, axis=1))
    starts = [
        np.abs(z[:, None] - p).argmin(axis=1) for z, p in zip(latents.T, positions, strict=True)
    ]
    return Travel(positions, np.stack(starts, axis=1))


def copies_psnr(decoder: nnx.Module, went: Travel, images: np.ndarray) -> float:
    """PSNR in decibels of what a page draws where its sliders start.

    Args:
        decoder: with the weights that the page has.
        went: positions and starts of its latents.
        images: uint8, `(n, height, width, channels)`, at which the sliders start.
    """
    pairs = zip(went.positions, went.starts.T, strict=True)
    latents = np.stack([positions[start] for positions, start in pairs], axis=1)
    logits = decoder(jnp.asarray(latents, jnp.float32))
    return psnr(images, np.asarray(nnx.sigmoid(logits)))


def live_models(
    records: Mapping[str, RunRecord],
    *,
    num_images: int = 6,
    reference: int = 1_000,
    quantization_step: float = 0.045,
    seed: int = 0,
) -> str:
    """HTML: the decoder of each recorded model beside the others, with sliders and its NMI matrix.

    Sliders and columns stand in the order of the sources that their latents know best.

    Args:
        records: of one run of each variant, by its name, with a kept model; all on one benchmark,
            with networks "mlp" or "style-mlp".
        num_images: held-out images to start from.
        reference: held-out images over which the range of a continuous latent is taken.
        quantization_step: of the weights in the page, see `lib.figures.packed_decoder`; the
            default keeps a page below 1.5 MB.
        seed: of the choice of these images.
    """
    first = next(iter(records.values()))
    benchmark, split = first.images.benchmark, first.images.split
    ranks = np.random.default_rng(seed).choice(len(split.held_out), reference, replace=False)
    images = benchmark.images(benchmark.grid.sources(split.held_out[ranks]))
    names = KnownSources(first.config.benchmark, {}).source_names
    names = [figures.plain(name) for name in names]
    panels = []
    for variant, record in records.items():
        model, nmi = record.load_model(), np.array(record.scoring.nmi)
        best = best_sources(nmi, names)
        place = [[*names, NO_SOURCE].index(source) for source in best]
        order = np.lexsort((-nmi.max(axis=0), place))
        active = np.array(record.scoring.active)[order]
        positions, starts = travel(model, images)
        went = Travel([positions[j] for j in order], starts[:, order])
        decoder = RoundedDecoder(reordered(model.decoder, order), went.positions, quantization_step)
        copied = copies_psnr(decoder.network, went, images)
        words = [latent_words(nmi[:, j], names, record.scoring.active[j]) for j in order]
        panels.append(
            figures.LivePanel(
                title=figures.model_label(variant),
                color=MODELS[record.config.model].color,
                decoder=decoder,
                latents=order.tolist(),
                knows=[best[j] + f" {nmi[:, j].max():.2f}" * (best[j] != NO_SOURCE) for j in order],
                notes=[f"Latent {j}: {said}." for j, said in zip(order, words, strict=True)],
                positions=went.positions,
                starts=went.starts[:num_images],
                nmi=nmi[:, order],
                active=active.tolist(),
                ceilings=list(
                    KnownSources(record.config.benchmark, {variant: [record]}).ceilings.values()
                ),
                scores=f"{score_words(record)} Copies drawn in this page, by rounded weights: PSNR "
                f"{SCORES['psnr'].format(copied)}.",
            )
        )
    return figures.live_decoder(panels, images[:num_images], names)
