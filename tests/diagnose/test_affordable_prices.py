"""How many sources are priced."""

from __future__ import annotations

from parity.diagnose.sources import PRICED_SOURCES, affordable_prices
from parity.taps import DecoderShape, decoder_taps
from parity.tokens import TokenBatch

TOKENS = TokenBatch.from_sequences([range(400), range(400)])
FEW_TOKENS = TokenBatch.from_sequences([range(100)])


def test_a_small_model_has_all_its_prices() -> None:
    bundled = DecoderShape(6, 192, 6, 2, 32, 512, 2048)
    assert affordable_prices(decoder_taps(bundled), TOKENS) == PRICED_SOURCES


def test_a_larger_model_has_fewer_and_the_largest_has_two() -> None:
    half_a_billion = decoder_taps(DecoderShape(24, 896, 14, 2, 64, 4864, 151_936))
    seven_billion = decoder_taps(DecoderShape(32, 4096, 32, 32, 128, 11008, 151_936))
    assert 2 < affordable_prices(half_a_billion, FEW_TOKENS) < PRICED_SOURCES
    assert affordable_prices(half_a_billion, TOKENS) == 2
    assert affordable_prices(seven_billion, TOKENS) == 2
