"""Bars that show how far a long task is."""

from tqdm import tqdm


def progress_bar(
    total: int | None, description: str, unit: str, progress: bool | None, initial: int = 0
) -> tqdm:
    """A bar on stderr.

    Args:
        total: what is to be done; None where it is not known.
        description: of the task.
        unit: of what is counted.
        progress: whether to draw it; None for only where stderr is a terminal.
        initial: what is done already.
    """
    return tqdm(
        total=total,
        desc=description,
        unit=unit,
        unit_scale=True,
        unit_divisor=1000,
        initial=initial,
        mininterval=0.5,
        disable=None if progress is None else not progress,
    )
