"""From a run to the failing layer, in a notebook.

>>> from parity.reports.notebook import open_run
>>> run = open_run("runs/first")
>>> view = run.start()
>>> view.plot_tokens()
"""

from parity.reports.notebook.run import Run, open_run
from parity.reports.notebook.summary import Summary
from parity.reports.notebook.tap_view import TapView

__all__ = ["Run", "Summary", "TapView", "open_run"]
