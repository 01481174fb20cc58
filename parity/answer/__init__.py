"""What a comparison means, in sentences: what is wrong, why, what it costs and what to do next.

`make_answer` turns a `parity.comparison.Comparison` into an `Answer`: frozen values that hold text and rows, no
arrays and no markup. Terminal, report, notebook and pytest show the same answer, each in its own form.
"""

from parity.answer.compose import make_answer
from parity.answer.cost_words import cost_sentence, logits_sentence
from parity.answer.headline import headline_sentence
from parity.answer.observer_words import engines_sentence, layers_sentence, observer_sentence
from parity.answer.values import Answer, CauseAnswer, SourceAnswer, SourceGroup

__all__ = [
    "Answer",
    "CauseAnswer",
    "SourceAnswer",
    "SourceGroup",
    "cost_sentence",
    "engines_sentence",
    "headline_sentence",
    "layers_sentence",
    "logits_sentence",
    "make_answer",
    "observer_sentence",
]
