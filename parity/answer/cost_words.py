"""What differences in the logits mean for the text, in words that need no statistics to be understood."""

from __future__ import annotations

from parity.comparison import TapResult
from parity.diagnosis import LogitCost
from parity.formatting import format_count, format_metric, format_share

__all__ = ["cost_sentence", "logits_sentence", "lost_logits_sentence"]


def cost_sentence(cost: LogitCost) -> str:
    """What one error alone, everything else being the reference's, does to the next tokens."""
    return f"On its own it {_choices(cost)}; {_distance(cost)}."


def logits_sentence(cost: LogitCost) -> str:
    """What all differences together do to the next tokens."""
    return (
        f"On the whole the candidate {_choices(cost)}; {_distance(cost)}, top-5 overlap "
        f"{format_metric(100 * cost.top5_overlap)}%."
    )


def lost_logits_sentence(row: TapResult) -> str:
    """What it means that the logits of `row` are not finite."""
    lost = row.non_finite.candidate if row.non_finite else 0
    return (
        f"{format_count(lost)} of the candidate's {format_count(row.elements)} logits are NaN or infinite: it can't be "
        "used as it is."
    )


def _choices(cost: LogitCost) -> str:
    """How many next tokens change, and how many of those the reference is sure of."""
    positions = format_count(cost.positions)
    if not cost.flipped_positions:
        return f"changes none of {positions} next tokens{_margin(cost)}"
    share = format_share(cost.flipped_positions, cost.positions)
    changed = f"changes {format_count(cost.flipped_positions)} of {positions} next tokens ({share})"
    clear = _clear_flips(cost)
    if clear:
        return f"{changed}, {_how_many(clear, cost.flipped_positions)}where the reference's choice is clear"
    close = "a tie within noise" if cost.flipped_positions == 1 else "all of them ties within noise"
    return f"{changed}, {close}"


def _how_many(clear: int, flipped: int) -> str:
    if flipped == 1:
        return ""
    return "all of them " if clear == flipped else f"{format_count(clear)} of them "


def _clear_flips(cost: LogitCost) -> int:
    return round((1 - cost.decided_top1_agreement) * cost.decided_positions)


def _margin(cost: LogitCost) -> str:
    """How near the nearest choice came to changing."""
    if not cost.decided_positions or cost.max_margin_used <= 0:
        return ""
    return f" (at most {format_metric(100 * cost.max_margin_used)}% of a clear choice's margin is lost)"


def _distance(cost: LogitCost) -> str:
    return f"mean KL {format_metric(cost.mean_kl)} nats, at most {format_metric(cost.max_kl)}"
