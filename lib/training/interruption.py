"""Signals that end a run early, held back until it has saved what it has."""

import signal
import threading
from types import FrameType

# What a scheduler sends before it takes the machine away, and what Ctrl-C or the stop button of
# a notebook sends.
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interruption:
    """A context in which the first SIGTERM or SIGINT only asks for an end; a second one ends.

    A signal that is ignored stays ignored, as Ctrl-C is in a shell's background jobs and in many
    batch systems; SIGTERM is heeded there.

    Attributes:
        signal: the number of the signal that came, or 0.
    """

    def __init__(self):
        self.signal = 0
        self._earlier = {}

    def __enter__(self) -> "Interruption":
        # Python hands signals to the main thread only; elsewhere they do what they did before.
        if threading.current_thread() is threading.main_thread():
            heeded = (n for n in _SIGNALS if signal.getsignal(n) is not signal.SIG_IGN)
            self._earlier = {number: signal.signal(number, self._note) for number in heeded}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
        self._earlier = {}
