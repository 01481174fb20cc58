"""The model card that ships with the weights, written from the record of the run."""

from __future__ import annotations

from typing import Any

__all__ = ["card"]

_CARD = """# A small Qwen2 to debug with

A real, trained Qwen2 of {parameters:.2f} million parameters in bf16, small enough to ship inside a package. It writes
something that looks like Python and is good for nothing else: it is here so that numerical parity can be checked
without a download, on a model that shows what real checkpoints show and random ones do not.

| | |
| --- | --- |
| class | `Qwen2ForCausalLM`, untied head, biases on q, k and v |
| attention | {heads} heads of {head_width} on {kv_heads} key and value heads, RoPE theta {rope_theta:.0f} |
| size | {layers} layers, hidden {hidden}, intermediate {intermediate} |
| vocabulary | {vocabulary} tokens of byte-level BPE, ChatML; plain text gets `<\\|endoftext\\|>` in front |
| positions | {positions}; trained at {length}, the last {long_percent} % of the steps at {long_length} |
| data | the `.py` files of Python {python}'s standard library, without site-packages and encoding tables |
| licence | the text is under the Python Software Foundation License Version 2; weights and tokenizer: as the package |

The standard library is copyright (c) 2001 Python Software Foundation, all rights reserved; the prompts are excerpts
of it. Files are held out by a hash of their name; the prompts in `default_prompts.jsonl` come from held-out files only.

## What was planted, and how large it is after training

The massive activation: behind each decoder layer, the largest |x| at the first token, and its ratio to the median
|x| of all tokens, on a prompt of {long_prompt} tokens:

| layer | largest | ratio |
| --- | --- | --- |
{massive}

It sits in channel {channel} and appears at every `<|endoftext|>` and `<|im_start|>`. Four neurons of layer
{massive_layer} that training was not allowed to touch write it. K biases beyond 5, log-normal norm weights, outlier
channels and embeddings of std 0.02 were planted before training, which then adapted the rest of the network to them.
`massive.py` and `planting.py` of `qwen_trt_model.training` say how; the tests measure each of them on these files.

## Figures

| | |
| --- | --- |
| held-out perplexity, length {length} | {held_out_perplexity:.1f} |
| held-out perplexity, length {long_length} | {held_out_perplexity_long:.1f} |
| the same text by token frequencies (unigrams) | {unigram_perplexity:.1f} |
| same first choice in fp16 as in fp32, default prompts | {fp16_percent:.1f} % |
| training | {steps} steps of {batch_tokens} tokens, {tokens_per_second} tokens/s on {device} |

Greedy continuation of the longest prompt (it goes in circles, as models of this size do):

```python
{greedy}
```

## Make it again

```sh
OMP_WAIT_POLICY=passive python -m qwen_trt_model.training --out DIR --steps {steps} --seed {seed}
```

Python {python} (its library is the data), torch {torch}, transformers {transformers}, tokenizers {tokenizers},
{threads} threads. Another processor rounds elsewhere and gives other weights of the same quality. `training.json` holds
this record and the token counts behind the unigram perplexity.
"""


def card(record: dict[str, Any], parameters: int) -> str:
    """Fill in the card from what `publish` recorded."""
    run, measured = record["run"], record["measured"]
    shape, schedule, massive = run["shape"], run["schedule"], run["massive"]
    return _CARD.format(
        **{**shape, **schedule, **record["versions"], **measured, "massive": _massive_rows(measured["massive"])},
        parameters=parameters / 1e6,
        long_prompt=max(measured["prompt_tokens"]),
        head_width=shape["hidden"] // shape["heads"],
        long_percent=round(100 * schedule["long_share"]),
        channel=massive["channel"],
        massive_layer=massive["layer"],
        fp16_percent=100 * measured["fp16_top1_agreement"],
        tokens_per_second=record["tokens_per_second"],
        device=run["device"],
        seed=run["seed"],
        threads=run["threads"],
    )


def _massive_rows(ratios: list[tuple[float, float]]) -> str:
    return "\n".join(f"| {layer} | {largest:.0f} | {ratio:.0f} |" for layer, (largest, ratio) in enumerate(ratios))
