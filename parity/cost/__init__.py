"""Does it matter: what a layer's error does to the next-token distribution."""

from parity.cost.continuation import continue_from
from parity.cost.logits import logit_cost
from parity.cost.price import Prices

__all__ = ["Prices", "continue_from", "logit_cost"]
