from __future__ import annotations

import pytest

from parity.engines.tensorrt.options import OPTION_NAMES, TensorRTOptions, parse_bytes
from parity.errors import ParityError


def test_every_option_is_read() -> None:
    given = {
        "level": "0",
        "types": "free",
        "accumulation": "engine",
        "copies": "own",
        "memory": "2G",
        "tactic_sources": "none",
        "tactics": "1",
        "tf32": "on",
    }
    assert set(given) == set(OPTION_NAMES)
    assert TensorRTOptions.parse(given) == TensorRTOptions(0, "free", "engine", "own", 2**31, "none", 1, "on")


def test_without_options_the_types_of_the_graph_are_preferred_and_tf32_is_off() -> None:
    plain = TensorRTOptions.parse({})
    assert (plain.types, plain.accumulation, plain.tf32, plain.copies) == ("prefer", "tf32", "off", "fp32")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"speed": "11"}, "no option speed"),
        ({"types": "loose"}, "unknown types 'loose'"),
        ({"level": "6"}, "from 0 to 5, found '6'"),
        ({"level": "high"}, "found 'high'"),
        ({"memory": "much"}, "memory 'much' is no size"),
        ({"memory": "G"}, "memory 'G' is no size"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ParityError, match=message):
        TensorRTOptions.parse(options)


@pytest.mark.parametrize(("text", "size"), [("512", 512), ("3k", 3072), ("512M", 2**29), ("4G", 2**32)])
def test_sizes_have_units(text: str, size: int) -> None:
    assert parse_bytes(text) == size
