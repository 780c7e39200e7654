"""Latent quantization: a few scalar code values for each latent."""

from collections.abc import Sequence
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from lib.checks import check_integer
from lib.latents.code import Code, CodeValues, check_indices

# The most evenly spaced values in [-0.5, 0.5] that float32 keeps apart: below 0.5 its numbers lie
# 2**-25 apart, and half as many as that allow for the rounding of each.
MAX_VALUES = 2**24


def check_num_values(num_values: object, num_latents: int) -> tuple[int, ...]:
    """Require a number of code values for each latent.

    Args:
        num_values: one integer for all latents, or a list or tuple of one each.
        num_latents: number of latents.

    Returns:
        The number of values of each latent.

    Raises:
        TypeError: not an integer, nor a list or tuple of integers.
        ValueError: an integer below 2 or above `MAX_VALUES`, or a list of another length.
    """
    if not isinstance(num_values, list | tuple):
        num_values = [num_values] * num_latents
    if len(num_values) != num_latents:
        raise ValueError(
            f"num_values={list(num_values)} lists {len(num_values)} latents, but num_latents="
            f"{num_latents}; expected one integer for all, or a list of {num_latents}."
        )
    for number in dict.fromkeys(num_values):
        check_integer("num_values", number, minimum=2)
        if number > MAX_VALUES:
            raise ValueError(
                f"num_values={number} is too large; expected an integer <= {MAX_VALUES}, since "
                "float32 cannot tell more evenly spaced values in [-0.5, 0.5] apart."
            )
    return tuple(int(number) for number in num_values)


class QuantizedLatent(nnx.Module):
    """Latent quantization: each latent snaps to the nearest of its own few scalar code values.

    The combinations of `num_values` values in `num_latents` latents are the representable codes:
    `num_values ** num_latents` of them from only `num_values * num_latents` learnable numbers.

    Args:
        num_latents: number of latents, at least 1.
        num_values: code values of each latent, from 2 to `MAX_VALUES`: one number for all latents,
            or a list of one each; they start evenly spaced in [-0.5, 0.5].
        learn_values: whether losses reach the code values; False keeps them where they start.
        rngs: taken as every NNX module takes it; the initial values are not random.

    Attributes:
        values: the code values, `(num_latents, most values)`; rows of latents with fewer values
            end with numbers that are never chosen.

    Raises:
        TypeError, ValueError: a size that is not an integer or is out of range, or a list that
            does not match `num_latents`.

    Source: Hsu et al. 2023, arXiv 2305.18378 (latent quantization); initial values
        from the authors' configuration.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import nnx
        >>> from lib.latents import QuantizedLatent
        >>> latent = QuantizedLatent(2, 3, rngs=nnx.Rngs(0))  # the values start at -0.5, 0 and 0.5
        >>> code = latent(jnp.array([[0.1, -0.4]]))
        >>> code.quantized
        Array([[ 0. , -0.5]], dtype=float32)
        >>> code.indices
        Array([[1, 0]], dtype=int32)
    """

    inputs_per_latent: ClassVar[int] = 1
    outputs_per_latent: ClassVar[int] = 1

    def __init__(
        self,
        num_latents: int,
        num_values: int | Sequence[int],
        *,
        learn_values: bool = True,
        rngs: nnx.Rngs,
    ):
        check_integer("num_latents", num_latents, minimum=1)
        self.num_latents = num_latents
        self._numbers = check_num_values(num_values, num_latents)
        self.num_values = tuple(num_values) if isinstance(num_values, list) else num_values
        self.learn_values = learn_values
        self.values = CodeValues(jnp.asarray(self._initial_values()))

    def _initial_values(self) -> np.ndarray:
        return _evenly_spaced(self._numbers)

    def __call__(self, inputs: Float[Array, "n num_latents"]) -> Code:
        """Quantize `(n, num_latents)` inputs.

        `decoder_input` equals `quantized` going forward; going backward its gradient reaches the
        inputs unchanged (straight-through) and never the code values.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.num_latents:
            raise ValueError(
                f"inputs has shape {inputs.shape}; expected (n, {self.num_latents}), "
                "one column a latent."
            )
        distances = jnp.abs(inputs[:, :, None] - self.values[...])  # (n, num_latents, most values)
        if len(set(self._numbers)) > 1:
            own = np.arange(distances.shape[2]) < np.asarray(self._numbers)[:, None]
            distances = jnp.where(own, distances, jnp.inf)
        indices = jnp.argmin(distances, axis=-1)
        quantized = self.look_up(indices)
        decoder_input = inputs + jax.lax.stop_gradient(quantized - inputs)
        return Code(inputs, decoder_input, quantized, indices)

    def look_up(self, indices: Int[Array, "n num_latents"]) -> Float[Array, "n num_latents"]:
        """The code values at `(n, num_latents)` indices.

        Raises:
            ValueError: an index that a codebook does not have, where indices are not traced.
        """
        check_indices(indices, self._numbers)
        values = self.values[...]
        if not self.learn_values:
            values = jax.lax.stop_gradient(values)
        # One-hot rather than a gather: its gradient is a sum in a fixed order, where a gather's
        # is a scatter, whose order, and so whose rounding, varies on an accelerator.
        chosen = jax.nn.one_hot(indices, values.shape[1], dtype=values.dtype)
        return jnp.sum(chosen * values, axis=-1)

    def sample(self, keys: Key[Array, " n"]) -> Float[Array, "n num_latents"]:
        """Draw `(n, num_latents)` code values, each latent's uniformly; one row a random key.

        Gradients reach the code values.
        """
        shape = (self.num_latents,)
        numbers = jnp.asarray(self._numbers)
        return self.look_up(jax.vmap(lambda key: jax.random.randint(key, shape, 0, numbers))(keys))

    def order(self, seen: np.ndarray) -> list[np.ndarray]:
        """For each latent, its indices by increasing code value; `seen` does not matter."""
        del seen
        rows = np.broadcast_to(self.values[...], (self.num_latents, self.values.shape[1]))
        return [np.argsort(r[:n]) for r, n in zip(rows, self._numbers, strict=True)]


class GlobalQuantizedLatent(QuantizedLatent):
    """An ablation of latent quantization: all latents share the code values of one codebook.

    Its arguments are those of `QuantizedLatent`, but `num_values` is one number.

    Attributes:
        values: the code values, `(1, num_values)`.

    Source: Hsu et al. 2023, arXiv 2305.18378 (ablation with a global codebook).
    """

    def _initial_values(self) -> np.ndarray:
        if len(set(self._numbers)) > 1:
            raise ValueError(
                f"num_values={list(self._numbers)} differs between latents, which share one "
                "codebook; expected one integer."
            )
        return _evenly_spaced(self._numbers[:1])


def _evenly_spaced(numbers: Sequence[int]) -> np.ndarray:
    """A row of values for each number, as long as the longest."""
    rows = [np.linspace(-0.5, 0.5, number) for number in dict.fromkeys(numbers)]
    longest = max(map(len, rows))
    padded = {len(row): np.pad(row, (0, longest - len(row)), mode="edge") for row in rows}
    return np.stack([padded[number] for number in numbers]).astype(np.float32)
