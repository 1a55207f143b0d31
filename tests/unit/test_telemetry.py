"""What a server exports about itself."""

from __future__ import annotations

from collections import Counter

from pricetime.telemetry import Metrics


def test_a_tally_has_a_line_for_each_value_of_its_label_that_was_counted() -> None:
    metrics, sent = Metrics(), Counter[str]()
    metrics.tally("pricetime_sent", "Sent.", "kind", lambda: sent)
    assert "pricetime_sent_total{" not in metrics.page().decode()
    sent.update({"find": 2, "insert": 1})
    lines = metrics.page().decode().splitlines()
    assert 'pricetime_sent_total{kind="find"} 2.0' in lines
    assert 'pricetime_sent_total{kind="insert"} 1.0' in lines
