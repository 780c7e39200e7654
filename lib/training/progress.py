"""Progress of a run: a bar on a terminal, a few lines in a log or a notebook."""

import sys
import time

LOG_LINES = 5


class Progress:
    """Shows step, loss, images/s and time left on the standard error.

    Args:
        label: names the run.
        steps: of the whole run.
        batch_size: images a step.
    """

    def __init__(self, label: str, steps: int, batch_size: int):
        self.label = label
        self.steps = steps
        self.batch_size = batch_size
        self.started = time.perf_counter()
        self.on_terminal = sys.stderr.isatty()
        self.logged = 0

    def update(self, step: int, loss: float) -> None:
        """Report the mean loss up to `step`."""
        elapsed = time.perf_counter() - self.started
        rate = step * self.batch_size / elapsed
        left = elapsed * (self.steps - step) / step
        line = (
            f"{self.label}  step {step}/{self.steps}  loss {loss:.4f}  "
            f"{rate:,.0f} images/s  {left:.0f} s left"
        )
        if self.on_terminal:
            done = 20 * step // self.steps
            print(f"\r[{'#' * done:<20}] {line}\033[K", end="", file=sys.stderr, flush=True)
        elif step * LOG_LINES // self.steps > self.logged:
            self.logged = step * LOG_LINES // self.steps
            print(line, file=sys.stderr, flush=True)

    def close(self) -> float:
        """End the bar; returns the seconds since the start."""
        if self.on_terminal:
            print(file=sys.stderr)
        return time.perf_counter() - self.started
