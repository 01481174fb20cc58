"""Why a tap differs, as values that a comparison keeps: its error taken apart, its role, causes and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parity.limits import AppliedLimits
from parity.token_error import TokenError

__all__ = ["EXPLAINED_SHARE", "ROLES", "Cause", "Diagnosis", "LocalError", "LocalProfile", "LogitCost", "TapCost"]

EXPLAINED_SHARE = 0.99
"""What a cause has to explain where nothing tells what is noise."""

ROLES: Mapping[str, str] = {
    "source": "its own operation is wrong: on the same inputs the reference's operation gives something else",
    "amplifier": "its operation is right, and makes the error that came in grow more than it makes noise grow",
    "carrier": "its operation is right, and passes on the error that came in",
    "clean": "neither its operation nor what came in is off by more than noise",
}
"""Every role with its meaning."""


@dataclass(frozen=True)
class LocalProfile:
    """Both parts of a tap's error by token, over all prompts one after the other, in buckets.

    Attributes:
        bucket: number of tokens in a bucket (the last may hold fewer).
        local_noise_ratio: the largest R of the local error of any token in each bucket.
        inherited_noise_ratio: likewise of the inherited part.
    """

    bucket: int
    local_noise_ratio: tuple[float, ...]
    inherited_noise_ratio: tuple[float, ...]


@dataclass(frozen=True)
class LocalError:
    """One tap's error taken apart by replaying the reference's operation f on captured inputs x.

    Attributes:
        local_rel_l2: ‖y_candidate - f(x_candidate)‖ / ‖f(x_candidate)‖ over all real elements.
        local_noise_ratio: R of that, median over tokens, in units of the operation's own noise.
        worst_token_local_noise_ratio: R of the worst token.
        inherited_rel_l2: ‖f(x_candidate) - f(x_truth)‖ / ‖f(x_truth)‖.
        inherited_noise_ratio: R of that, median over tokens.
        worst_token_inherited_noise_ratio: R of the worst token.
        gain: ‖f(x_candidate) - f(x_truth)‖ / ‖x_candidate - x_truth‖; None where nothing came in.
        noise_gain: the floor run's gain; None without one, or where nothing came in.
        worst_local_tokens: the tokens with the largest R of the local error, the worst first; exact ones are left out.
        profile: both parts by token; None in comparisons that lack it.
    """

    local_rel_l2: float
    local_noise_ratio: float
    worst_token_local_noise_ratio: float
    inherited_rel_l2: float
    inherited_noise_ratio: float
    worst_token_inherited_noise_ratio: float
    gain: float | None
    noise_gain: float | None
    worst_local_tokens: tuple[TokenError, ...] = ()
    profile: LocalProfile | None = None


@dataclass(frozen=True)
class Cause:
    """A hypothesis that explains a part of what a source tap does wrong.

    Attributes:
        hypothesis: its name.
        sentence: the cause in words, with its solved parameters.
        explained_share: 1 - ‖candidate - prediction‖² / ‖candidate - reference‖²; 1 explains everything.
        noise_ratio: R of what is left, in units of the operation's own noise; None without a floor.
        worst_token_noise_ratio: likewise for the worst token.
        fitted: how many numbers were fitted.
    """

    hypothesis: str
    sentence: str
    explained_share: float
    noise_ratio: float | None
    worst_token_noise_ratio: float | None
    fitted: int

    def leaves_rounding(self, limits: AppliedLimits) -> bool:
        """Whether it explains everything but noise; where no noise is known, whether it explains nearly everything."""
        if self.noise_ratio is None or self.worst_token_noise_ratio is None:
            return self.explained_share >= EXPLAINED_SHARE
        return self.noise_ratio <= limits.noise_ratio and self.worst_token_noise_ratio <= limits.worst_token_noise_ratio


@dataclass(frozen=True)
class LogitCost:
    """How a candidate's next-token distributions differ from the truth's, over all real positions.

    Attributes:
        positions: how many.
        mean_kl, max_kl: Kullback-Leibler divergence of the candidate from the truth, in nats.
        top1_agreement: share of positions whose most likely token agrees.
        decided_positions: positions whose margin between the two most likely tokens exceeds the noise.
        decided_top1_agreement: share of those whose most likely token agrees; 1 where there are none.
        flipped_positions: positions whose most likely token changed.
        top5_overlap: mean share of the truth's five most likely tokens among the candidate's five.
        median_margin_used, max_margin_used: how much of the truth's margin is lost at decided positions: 0 none,
            1 the choice is a tie, above 1 it has changed; 0 where no position is decided.
    """

    positions: int
    mean_kl: float
    max_kl: float
    top1_agreement: float
    decided_positions: int
    decided_top1_agreement: float
    flipped_positions: int
    top5_overlap: float
    median_margin_used: float
    max_margin_used: float


@dataclass(frozen=True)
class TapCost:
    """What one tap does to the logits, everything else being the reference's.

    Attributes:
        activation: the reference continued with the candidate's activation.
        local_error: the reference continued with the tap's own error alone added to the truth.
    """

    activation: LogitCost
    local_error: LogitCost


@dataclass(frozen=True)
class Diagnosis:
    """Why one tap is as it is.

    Attributes:
        local: its error taken apart.
        role: one of `ROLES`.
        reason: why it has this role, in one sentence.
        causes: what explains a source, the best first; empty for other roles, and where nothing does.
        signature: for a source without a full explanation, what its error looks like; empty otherwise.
        cost: what a source does to the logits; None for other roles.
    """

    local: LocalError
    role: str
    reason: str
    causes: tuple[Cause, ...] = ()
    signature: str = ""
    cost: TapCost | None = None
