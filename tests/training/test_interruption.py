"""Which signals only ask for an end, and which are left as they were."""

import os
import signal

import pytest

from lib.training.interruption import Interruption


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_and_the_second_does_what_it_did_before(number):
    came = []
    earlier = signal.signal(number, lambda *_: came.append("handler"))
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), number)
            assert (interruption.signal, came) == (number, [])
            os.kill(os.getpid(), number)
            assert came == ["handler"]
    finally:
        signal.signal(number, earlier)


def test_an_ignored_signal_stays_ignored_and_the_other_is_heeded():
    """As in `nohup make record &`, where a shell ignores SIGINT."""
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGINT)
            assert interruption.signal == 0
            os.kill(os.getpid(), signal.SIGTERM)
            assert interruption.signal == signal.SIGTERM
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, earlier)
