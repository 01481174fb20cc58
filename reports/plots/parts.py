"""What is born at a tap and what came in, by token."""

from __future__ import annotations

import numpy as np

from parity.diagnosis import LocalProfile
from parity.formatting import format_metric
from parity.limits import AppliedLimits
from parity.reports.plots.plot import CARRIER, LIMIT, QUIET, SOURCE, Plot, frame, on_log_axis

__all__ = ["plot_parts"]


def plot_parts(tap: str, profile: LocalProfile, limits: AppliedLimits) -> Plot:
    """R of both parts of a tap's error along all prompts, one after the other.

    Args:
        tap: name of the tap, for the title.
        profile: both parts, in buckets that each show their worst token.
        limits: what single tokens are judged by.
    """
    each = "each token" if profile.bucket == 1 else f"the worst of every {profile.bucket} tokens"
    plot, (axis,) = frame(
        _title(tap, profile),
        f"R of {each}, in units of noise. Born here: what the operation does wrong on the candidate's own inputs. Came "
        "in: what a right operation makes of the error of its inputs. Exact ones stand at the lower edge.",
    )
    local, inherited = on_log_axis(profile.local_noise_ratio, profile.inherited_noise_ratio)
    places = np.arange(local.size) * profile.bucket
    axis.plot(places, inherited, "s", markersize=3, color=CARRIER, label="came in")
    axis.plot(places, local, "D", markersize=3.5, color=SOURCE, label="born here")
    axis.axhline(1, color=QUIET, linewidth=1, label="noise")
    axis.axhline(limits.worst_token_noise_ratio, color=LIMIT, linewidth=1, linestyle=":", label="limit, worst token")
    axis.set_yscale("log")
    axis.set_ylabel("R (units of noise)", fontsize=8)
    axis.set_xlabel("token, prompt after prompt", fontsize=8)
    axis.legend(fontsize=7, ncols=4, loc="lower left", bbox_to_anchor=(0, 1), frameon=False, borderaxespad=0)
    return plot


def _title(tap: str, profile: LocalProfile) -> str:
    born, came = (max(part) for part in (profile.local_noise_ratio, profile.inherited_noise_ratio))
    return f"{tap} by token: born here R up to {format_metric(born)}, came in R up to {format_metric(came)}"
