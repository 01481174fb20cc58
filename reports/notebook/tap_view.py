"""One tap in a notebook: what is known about it, drawn and in tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas

from parity.comparison import TapResult
from parity.diagnosis import LogitCost
from parity.errors import ParityError
from parity.measure import Measurement
from parity.metrics import channel_rms, rel_l2_by_token
from parity.reports.notebook.evidence import Evidence
from parity.reports.notebook.parts import cause_table, cost_table, part_table
from parity.reports.notebook.slices import slice_table
from parity.reports.plots import (
    Plot,
    TokenErrors,
    plot_channels,
    plot_heads,
    plot_heat_map,
    plot_histogram,
    plot_parts,
    plot_tokens,
)

__all__ = ["TapView"]


@dataclass(frozen=True, eq=False)
class TapView:
    """One tap of a run. Arrays are read from the dumps when they are first needed.

    Attributes:
        row: what the comparison says about it.
        message: the same in words, in six parts.
        load: reads the arrays.
        logits: what all differences of the run cost together; None without a diagnosis.
    """

    row: TapResult
    message: str
    load: Callable[[], Evidence]
    logits: LogitCost | None = None

    @cached_property
    def evidence(self) -> Evidence:
        """The arrays of both sides, measured.

        Raises:
            ParityError: the values were not compared, or the dumps are gone.
        """
        return self.load()

    @property
    def has_heads(self) -> bool:
        """Whether errors are known by head."""
        return bool(self.row.heads)

    @property
    def diagnosed(self) -> bool:
        """Whether its error was taken apart."""
        return self.row.diagnosis is not None

    def parts(self) -> pandas.DataFrame:
        """What is born here and what came in, a line each.

        Raises:
            ParityError: the tap was not replayed.
        """
        return part_table(self.row)

    def causes(self) -> pandas.DataFrame:
        """What might explain a source, the best first.

        Raises:
            ParityError: the tap was not replayed.
        """
        return cause_table(self.row)

    def costs(self) -> pandas.DataFrame:
        """What a source does to the next tokens.

        Raises:
            ParityError: the tap was not replayed.
        """
        return cost_table(self.row, self.logits)

    def plot_parts(self) -> Plot:
        """What is born here and what came in, by token; needs no dumps.

        Raises:
            ParityError: the tap was not replayed.
        """
        profile = self.row.diagnosis.local.profile if self.row.diagnosis else None
        if profile is None:
            raise ParityError(
                f"{self.row.tap} was not taken apart token by token", cure="look at view.plot_tokens(), the whole error"
            )
        return plot_parts(self.row.tap, profile, self.row.limits)

    def plot_tokens(self) -> Plot:
        """Error by token, all prompts one after the other.

        Raises:
            ParityError: as for `evidence`, or a value is NaN or infinite.
        """
        evidence, measured = self.evidence, self._measured
        floor = rel_l2_by_token(measured.floors[0]) if measured.floors else None
        errors = TokenErrors(evidence.prompts, evidence.pieces, measured.distance, floor, measured.ratio)
        return plot_tokens(self.row.tap, errors, self.row.limits)

    def plot_heads(self) -> Plot:
        """Error by head, over all tokens.

        Raises:
            ParityError: the tap has no heads, or its values were not compared.
        """
        if not self.has_heads:
            raise ParityError(
                f"{self.row.tap} has no errors by head", cure="look at run.nearest_with_heads(view), a tap before it"
            )
        return plot_heads(self.row.tap, self.row.heads)

    def plot_channels(self) -> Plot:
        """Error by channel, over all tokens.

        Raises:
            ParityError: as for `plot_tokens`.
        """
        measured = self._measured
        error, truth = channel_rms(measured.found)
        floor = channel_rms(measured.floors[0])[0] if measured.floors else None
        return plot_channels(self.row.tap, error, floor, truth, worst=self.row.worst_channels)

    def plot_histogram(self) -> Plot:
        """How many elements have which error; needs no dumps.

        Raises:
            ParityError: the values were not compared.
        """
        if self.row.histogram is None:
            raise ParityError(f"{self.row.tap} has the status {self.row.status!r}: no errors to count")
        return plot_histogram(self.row.tap, self.row.histogram, self.row.limits)

    def plot_heat_map(self, *, prompt: int | None = None) -> Plot:
        """Candidate minus reference, token by channel.

        Args:
            prompt: number of the prompt; by default that of the worst element.

        Raises:
            ParityError: as for `evidence`, or there is no such prompt.
        """
        evidence = self.evidence
        prompt = self._worst_prompt if prompt is None else prompt
        rows = np.flatnonzero(evidence.prompts == prompt)
        if rows.size == 0:
            raise ParityError(f"no prompt {prompt}", cure=f"there are 0 to {evidence.prompts.max()}")
        candidate, truth = (side.values[rows].astype(np.float64) for side in (evidence.candidate, evidence.truth))
        difference = candidate - truth
        if evidence.truth.valid is not None:
            difference = np.where(evidence.truth.valid[rows], difference, 0.0)
        return plot_heat_map(
            self.row.tap,
            difference.reshape(rows.size, -1),
            prompt=prompt,
            pieces=[evidence.pieces[int(row)] for row in rows] if evidence.pieces else (),
            heads=difference.shape[1],
            noise=self._usual_noise,
        )

    def compare_slices(
        self,
        *,
        prompt: int | None = None,
        token: int | None = None,
        head: int | None = None,
        channel: int | None = None,
        largest: int | None = None,
    ) -> pandas.DataFrame:
        """Reference, candidate and difference of chosen elements, a line each; arguments as for `slice_table`.

        Raises:
            ParityError: as for `evidence`, an index does not exist, or the table would be too long.
        """
        return slice_table(self.evidence, prompt=prompt, token=token, head=head, channel=channel, largest=largest)

    @property
    def _worst_prompt(self) -> int:
        return self.row.worst.index[self.row.worst.axes.index("batch")] if self.row.worst else 0

    @property
    def _usual_noise(self) -> float:
        """Root mean square of the floor's error at the median token; 0 where no floor was measured.

        The median, because one token with massive activations holds most of the squared noise of a tap.
        """
        measured = self.evidence.measured
        if measured is None or measured.floor is None:
            return 0.0
        _, heads, channels = self.evidence.truth.values.shape
        return float(np.median(measured.floor.error)) / math.sqrt(heads * channels)

    @property
    def _measured(self) -> Measurement:
        if self.evidence.measured is None:
            raise ParityError(
                f"{self.row.tap} holds values that are not finite, so its errors can't be measured",
                cure="view.compare_slices(largest=20) and view.plot_heat_map() show where they are",
            )
        return self.evidence.measured

    def __repr__(self) -> str:
        return self.message
