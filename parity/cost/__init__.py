"""Does it matter: what a layer's error does to the next-token distribution."""

from parity.cost.continuation import continue_from
from parity.cost.logits import logit_cost
from parity.cost.price import logits_cost, tap_cost

__all__ = ["continue_from", "logit_cost", "logits_cost", "tap_cost"]
