"""Progress of a run: a bar on a terminal, a few lines in a log or a notebook."""

import sys
import time

LOG_LINES = 5


class Progress:
    """Shows step, loss, images/s and time left on the standard error.

    Args:
        label: names the run.
        start: steps made before this process.
        steps: of the whole run.
        batch_size: images a step, of all seeds.
    """

    def __init__(self, label: str, start: int, steps: int, batch_size: int):
        self.label = label
        self.start = start
        self.steps = steps
        self.batch_size = batch_size
        self.started = time.perf_counter()
        self.on_terminal = sys.stderr.isatty()
        self.logged = start * LOG_LINES // steps

    def update(self, step: int, loss: float) -> None:
        """Report the mean loss up to `step`."""
        elapsed = time.perf_counter() - self.started
        done = step - self.start
        rate = done * self.batch_size / elapsed
        left = elapsed * (self.steps - step) / done
        line = (
            f"{self.label}  step {step}/{self.steps}  loss {loss:.4f}  "
            f"{rate:,.0f} images/s  {left:.0f} s left"
        )
        if self.on_terminal:
            filled = 20 * step // self.steps
            print(f"\r[{'#' * filled:<20}] {line}\033[K", end="", file=sys.stderr, flush=True)
        elif step * LOG_LINES // self.steps > self.logged:
            self.logged = step * LOG_LINES // self.steps
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the bar."""
        if self.on_terminal:
            print(file=sys.stderr)
