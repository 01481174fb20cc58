"""Write the folder that ships: weights, tokenizer, prompts, record and model card."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qwen_trt_model.training.card import card
from qwen_trt_model.training.corpus import Document
from qwen_trt_model.training.data import Corpus, encode, plain_windows
from qwen_trt_model.training.measure import agreement, greedy, massive_ratios, perplexity, unigram_perplexity
from qwen_trt_model.training.prompts import read_prompts, write_prompts
from qwen_trt_model.training.settings import Run

__all__ = ["publish"]


def publish(
    out: Path, model: Any, tokenizer: Any, documents: list[Document], corpus: Corpus, run: Run, speed: float
) -> None:
    """Save the model in bf16 and measure what was saved, not what was trained."""
    import torch
    from transformers import AutoModelForCausalLM

    held_out = [document for document in documents if document.held_out]
    model.eval().to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)
    write_prompts(out / "default_prompts.jsonl", held_out, tokenizer)
    saved = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    record = {
        **_provenance(run, speed, len(corpus.stream)),
        "measured": _measure(out, saved, tokenizer, encode(held_out, tokenizer), corpus, run),
        "token_counts": corpus.counts(run.shape.vocabulary).tolist(),
    }
    (out / "training.json").write_text(json.dumps(record) + "\n", encoding="utf-8")
    (out / "README.md").write_text(card(record, saved.num_parameters()), encoding="utf-8")
    print(json.dumps(record["measured"], indent=1))


def _measure(out: Path, saved: Any, tokenizer: Any, held_out: Corpus, corpus: Corpus, run: Run) -> dict[str, Any]:
    import torch
    from transformers import AutoModelForCausalLM

    prompts = read_prompts(out / "default_prompts.jsonl", tokenizer)
    windows = plain_windows(held_out, run.schedule.length, 64)
    long_windows = plain_windows(held_out, run.schedule.long_length, 32)
    half = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float16)
    return {
        "held_out_perplexity": perplexity(saved, windows),
        "held_out_perplexity_long": perplexity(saved, long_windows),
        "unigram_perplexity": unigram_perplexity(corpus.counts(run.shape.vocabulary), windows),
        "fp16_top1_agreement": agreement(saved, half, prompts),
        "massive": massive_ratios(saved, max(prompts, key=len)),
        "massive_chat": massive_ratios(saved, prompts[-1]),
        "prompt_tokens": [len(prompt) for prompt in prompts],
        "greedy": greedy(saved, tokenizer, max(prompts, key=len)),
        "greedy_chat": greedy(saved, tokenizer, prompts[-1]),
    }


def _provenance(run: Run, speed: float, tokens: int) -> dict[str, Any]:
    import tokenizers
    import torch
    import transformers

    return {
        "run": asdict(run),
        "tokens_per_second": round(speed),
        "corpus_tokens": tokens,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
        },
    }
