"""Tripod: a grid, independence and little interference, one bias on each part of the model."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import jax
import jax.numpy as jnp
from flax import nnx
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm
from jaxtyping import Array, Float, Key

from lib.latents import MAX_VALUES, ContinuousLatent, FiniteScalarLatent
from lib.models.autoencoder import Autoencoder
from lib.models.losses import binary_cross_entropy
from lib.models.objective import Step, split_keys
from lib.settings import Settings, flag, integer, number

# Keep a latent that never moves, and an activation that never bends, from dividing by 0, and the
# gradient of a root from being infinite there.
_VARIANCE_FLOOR = 1e-12
_CURVATURE_FLOOR = 1e-10

Activations = Callable[[Float[Array, "n num_latents"]], list[Array]]


def silverman_factor(num_images: int, num_dimensions: int) -> float:
    """Bandwidth of a normal kernel density, in standard deviations of each dimension.

    Source: Silverman 1986, Density Estimation for Statistics and Data Analysis, section 4.3.2.
    """
    exponent = 1 / (num_dimensions + 4)
    return (4 / (num_dimensions + 2)) ** exponent * num_images**-exponent


def kernel_total_correlation(
    latents: Float[Array, "n num_latents"], scales: Float[Array, " num_latents"]
) -> Float[Array, " n"]:
    """An estimate of the total correlation of latents, in nats: the mean of what it returns.

    Total correlation, also called multi-information, is 0 where latents are independent. Here it
    is the log of a kernel density of all latents together, less that of each latent alone. A
    kernel's widths follow Silverman's rule for its number of dimensions, so that scaling a latent
    changes nothing.

    Args:
        latents: of a batch of images.
        scales: the unit of each latent, above 0: its standard deviation.

    Source: Hsu et al. 2024, arXiv 2404.10282 (kernel-based latent multi-information). Differs
        from the authors' code, which gives each latent alone a width of one standard deviation.
    """
    n, num_latents = latents.shape
    offsets = (latents[:, None] - latents[None]) / scales  # (n, n, num_latents)

    def log_kernels(num_dimensions):
        width = silverman_factor(n, num_dimensions)
        return norm.logpdf(offsets, scale=width) - jnp.log(scales)

    together = logsumexp(jnp.sum(log_kernels(num_latents), axis=2), axis=1) - jnp.log(n)
    alone = logsumexp(log_kernels(1), axis=1) - jnp.log(n)
    return together - jnp.sum(alone, axis=1)


def normalized_hessian_penalty(
    activations: Activations,
    latents: Float[Array, "n num_latents"],
    scales: Float[Array, " num_latents"],
    keys: Key[Array, " n"],
    *,
    num_perturbations: int = 2,
    size: float = 0.1,
) -> Float[Array, " n"]:
    """How much latents interfere in what is computed from them: a sum of shares over activations.

    Of the Hessian of each number of an activation, in latents of unit standard deviation, the
    squares off the diagonal are divided by all squares; so a decoder does not escape by becoming
    flat. Both sums are estimated as variances of second differences along random directions: of
    signs, along which the diagonal does not vary, and of normal numbers, along which it does. With
    few directions their ratio is noisy and biased, and not bounded by 1.

    Args:
        activations: maps latents to arrays with a leading dimension of images.
        latents: where to look, one row an image.
        scales: the unit of each latent, above 0: its standard deviation.
        keys: random keys, one an image.
        num_perturbations: directions of either kind, at least 2.
        size: of the second differences' steps, in standard deviations.

    Returns:
        One number an image; 0 where every activation is a sum of functions of one latent each.

    Source: Hsu et al. 2024, arXiv 2404.10282 (normalised Hessian penalty), after Peebles et al.
        2020, arXiv 2008.10599, equation 5.
    """
    n, num_latents = latents.shape
    shape = (num_perturbations, num_latents)
    sign_keys, normal_keys = split_keys(keys)
    signs = jax.vmap(lambda key: jax.random.rademacher(key, shape, jnp.float32))(sign_keys)
    normals = jax.vmap(lambda key: jax.random.normal(key, shape))(normal_keys)
    directions = jnp.stack([signs, normals], axis=1) * size * scales
    moved = latents[:, None, None] + jnp.stack([directions, -directions])  # (2, n, 2, k, latents)
    # Second differences of factors rounded to 10 bits would be mostly rounding.
    with jax.default_matmul_precision("float32"):
        here, around = activations(latents), activations(moved.reshape(-1, num_latents))
    penalties = []
    for middle, values in zip(here, around, strict=True):
        above, below = values.reshape(2, n, 2, num_perturbations, -1)
        curvature = (above + below - 2 * middle.reshape(n, 1, 1, -1)) / size**2
        off_diagonal, all_squares = jnp.mean(jnp.var(curvature, axis=2), axis=2).T
        penalties.append(off_diagonal / (all_squares + _CURVATURE_FLOOR))
    return sum(penalties)


@dataclass(frozen=True, kw_only=True)
class TripodSettings(Settings):
    """Hyperparameters of Tripod.

    Attributes:
        quantize: False takes the grid away, and the tanh with it.
        num_values: points of the grid, at least 2.
        total_correlation_weight: of `kernel_total_correlation`, at least 0; it and the next
            measure latents in standard deviations before quantization.
        hessian_weight: of `normalized_hessian_penalty`, at least 0.
        perturbation_size: of its second differences, in standard deviations, above 0.
    """

    quantize: bool = flag(True)
    num_values: int = integer(12, minimum=2, maximum=MAX_VALUES)
    total_correlation_weight: float = number(1e-4)
    hessian_weight: float = number(1e-2)
    perturbation_size: float = number(0.1, exclusive=True)


class Tripod(Autoencoder, name="tripod"):
    """An autoencoder that stands on three legs, each of which can be taken away.

    Latents are quantized to a fixed grid; over a batch they should be independent; and in the
    decoder they should not interfere.

    Source: Hsu et al. 2024, arXiv 2404.10282; weights as in the authors' configuration for
        Shapes3D. Differs: networks and optimizer are those of all other models here.
    """

    label = "Tripod"
    description = "the successor of QLAE: fixed grid, independent latents, no interference"
    color = "#8a80ee"
    marker = "M0,-1.3L0.35,-0.35L1.3,0L0.35,0.35L0,1.3L-0.35,0.35L-1.3,0L-0.35,-0.35Z"
    Settings = TripodSettings
    recipes = MappingProxyType(
        {
            # Second differences over a tenth of a standard deviation meet few of the decoder's
            # kinks, and those by chance: every trial run with them ended without a useful latent.
            "laptop": {
                "num_values": 5,
                "perturbation_size": 1.0,
                "total_correlation_weight": 1e-3,
                "learning_rate": 2e-3,
            },
            "paper": {"steps": 250_000, "batch_size": 64, "learning_rate": 2e-4},
            ("paper", "mpi3d"): {"total_correlation_weight": 1e-8, "hessian_weight": 1e-4},
            ("paper", "falcor3d"): {"total_correlation_weight": 1e-10},
            ("paper", "isaac3d"): {"hessian_weight": 1e-8},
        }
    )
    needs_whole_batch = True

    @classmethod
    def build_latent(
        cls, num_latents: int, settings: TripodSettings, *, rngs: nnx.Rngs
    ) -> FiniteScalarLatent | ContinuousLatent:
        """The grid, or none."""
        if settings.quantize:
            return FiniteScalarLatent(num_latents, settings.num_values)
        return ContinuousLatent()

    @classmethod
    def check(
        cls, num_latents: int, settings: TripodSettings, *, steps: int, precision: str
    ) -> None:
        """As `Autoencoder.check`; second differences are not taken in bfloat16."""
        super().check(num_latents, settings, steps=steps, precision=precision)
        if precision == "bfloat16" and settings.hessian_weight:
            raise ValueError(
                f"precision='bfloat16' is too coarse for the second differences of hessian_weight="
                f"{settings.hessian_weight}; expected float32 or tensorfloat32."
            )

    def terms(
        self, images: Float[Array, "n height width channels"], step: Step
    ) -> dict[str, Float[Array, ""]]:
        """Reconstruction, total correlation and Hessian penalty, weighted; none of weight 0."""
        code, logits = self(images)
        terms = {"reconstruction": jnp.mean(binary_cross_entropy(logits, images))}
        latents, settings = code.decoder_input, self.settings
        scales = jnp.sqrt(jnp.var(code.continuous, axis=0) + _VARIANCE_FLOOR)
        if settings.total_correlation_weight:
            correlation = jnp.mean(kernel_total_correlation(latents, scales))
            terms["total_correlation"] = settings.total_correlation_weight * correlation
        if settings.hessian_weight:
            penalty = normalized_hessian_penalty(
                lambda moved: self.decoder.activations(moved)[0],
                latents,
                scales,
                step.keys,
                size=settings.perturbation_size,
            )
            terms["hessian_penalty"] = settings.hessian_weight * jnp.mean(penalty)
        return terms
