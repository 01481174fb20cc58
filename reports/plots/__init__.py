"""Plots for notebooks, in matplotlib: one file each, all in the frame of `parity.reports.plots.plot`."""

from parity.reports.plots.channels import plot_channels
from parity.reports.plots.depth import plot_depth
from parity.reports.plots.heads import plot_heads
from parity.reports.plots.heat_map import plot_heat_map
from parity.reports.plots.histogram import plot_histogram
from parity.reports.plots.parts import plot_parts
from parity.reports.plots.plot import Plot
from parity.reports.plots.roles import plot_roles
from parity.reports.plots.tokens import TokenErrors, plot_tokens

__all__ = [
    "Plot",
    "TokenErrors",
    "plot_channels",
    "plot_depth",
    "plot_heads",
    "plot_heat_map",
    "plot_histogram",
    "plot_parts",
    "plot_roles",
    "plot_tokens",
]
