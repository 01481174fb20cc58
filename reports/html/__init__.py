"""The report as one self-contained HTML file: verdict, figures and every tap in depth, without a network."""

from parity.reports.html.page import render_html, write_html
from parity.reports.html.payload import tap_anchor

__all__ = ["render_html", "tap_anchor", "write_html"]
