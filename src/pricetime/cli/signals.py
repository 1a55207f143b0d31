"""Signals that end a verb."""

from __future__ import annotations

import signal


def take_signals() -> None:
    """Turn SIGTERM, and the terminal's closing, into Ctrl-C: what was started is ended in order.

    What is ignored stays so, as under nohup; but Ctrl-C, which scripts ignore for what they start in the
    background, as that would swallow the others too.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
