from __future__ import annotations

from parity.selftest.listing import listing_lines
from qwen_trt_model.faults import FAULTS, LEFT_OUT


def test_every_fault_is_listed_and_what_is_left_out_has_a_reason() -> None:
    lines = list(listing_lines())
    text = "\n".join(lines)
    assert all(f"  {fault.id}  {fault.title}" in text for fault in FAULTS.values())
    assert "sizes: base 1e4; base 9e5, and others at random" in text
    assert "harmless, so that nothing may fail" in text
    assert all(reason for reason in LEFT_OUT.values())
    assert all(what.split()[0] in text for what in LEFT_OUT)
    assert max(map(len, lines)) <= 100
