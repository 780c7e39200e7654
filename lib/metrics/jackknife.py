"""The uncertainty of a score over samples, by leaving groups of samples out."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from lib.checks import check_fraction, check_integer
from lib.metrics.intervals import Interval
from lib.metrics.validation import check_unmasked


def jackknife(
    score: Callable[[np.ndarray, np.ndarray], float | Mapping[str, float]],
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    num_groups: int = 20,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval | dict[str, Interval]:
    """Estimate how far a score would change with other samples of the same model and benchmark.

    Args:
        score: takes sources and latents of the same images and returns a number, or several by
            name; of a result with several fields pass one: `lambda s, z: mig(s, z).score`. It is
            called `num_groups + 1` times. Fewer samples must change it smoothly: `sap` and `dci`,
            which divide whatever samples they get at random, come out several times too wide.
        sources: one row an image, `(n, ...)`.
        latents: one row an image, `(n, ...)`.
        num_groups: groups of equal size, or one sample apart, that are left out in turn; from 2 to
            n.
        confidence: probability that the interval holds the score's expected value, strictly between
            0 and 1.
        seed: of the random division into groups, so that the order of the rows does not matter.

    Returns:
        The score of all samples, not corrected for bias, and the half width
        `t sqrt((G - 1) / G * sum of (score without group g - their mean)^2)`, with G groups and t
        of Student's distribution with G - 1 degrees of freedom. One interval a name if `score`
        returns names. A score that is NaN gives NaN.

    Raises:
        TypeError: `num_groups` or `seed` that is not an integer; a score of all samples that is
            neither a number nor a mapping of names to numbers.
        ValueError: masked entries, lengths that differ, number of groups, confidence or seed out of
            range.

    Source: the delete-a-group jackknife, Shao & Tu 1995, "The Jackknife and Bootstrap", section
    2.3; as many groups as samples is the jackknife of Tukey 1958.
    Differs: not a bootstrap. Resampling with replacement repeats rows, and a repeated row looks
    like dependence: mutual information rises, a nearest neighbour lies at distance 0, and a held
    out sample has been fitted. The interval is of these samples' size: it does not hold the
    score's bias, nor the spread over training seeds, for which see `lib.metrics.mean_interval`.
    """
    # Here, since the score gets arrays that have lost their mask.
    check_unmasked("sources", sources)
    check_unmasked("latents", latents)
    sources, latents = np.asarray(sources), np.asarray(latents)
    groups = _groups(sources, latents, num_groups, seed)
    check_fraction("confidence", confidence)
    whole = score(sources, latents)
    _check_score(whole)
    parts = [
        score(sources[groups != group], latents[groups != group]) for group in range(num_groups)
    ]
    if isinstance(whole, Mapping):
        return {
            name: _interval(whole[name], [part[name] for part in parts], confidence)
            for name in whole
        }
    return _interval(whole, parts, confidence)


def _check_score(value: object) -> None:
    entries = value if isinstance(value, Mapping) else {None: value}
    for name, entry in entries.items():
        # Numbers of any kind, and arrays without dimensions.
        if not hasattr(entry, "__float__") or getattr(entry, "ndim", 0) != 0:
            where = "" if name is None else f" under {name!r}"
            raise TypeError(
                f"score returned {type(entry).__name__}{where}; expected a number, or a mapping of "
                "names to numbers. Pass a function that picks one, such as "
                "lambda s, z: mig(s, z).score."
            )


def _groups(sources: np.ndarray, latents: np.ndarray, num_groups: int, seed: int) -> np.ndarray:
    """The group of each row, at random."""
    if sources.ndim == 0 or latents.ndim == 0 or len(sources) != len(latents):
        raise ValueError(
            f"sources have shape {sources.shape} and latents {latents.shape}; expected one row an "
            "image in both, in the same order."
        )
    check_integer("num_groups", num_groups, minimum=2)
    if num_groups > len(sources):
        raise ValueError(
            f"num_groups={num_groups} is too large; expected at most the number of samples, which "
            f"is {len(sources)}."
        )
    check_integer("seed", seed, minimum=0)
    return np.random.default_rng(seed).permutation(len(sources)) % num_groups


def _interval(whole: float, parts: list[float], confidence: float) -> Interval:
    num_groups = len(parts)
    # (G - 1) / G times the sum of squares is (G - 1)^2 / G times the variance with G - 1.
    deviation = np.std([float(part) for part in parts], ddof=1)
    error = (num_groups - 1) * deviation / np.sqrt(num_groups)
    return Interval(float(whole), float(stdtrit(num_groups - 1, (1 + confidence) / 2) * error))
