"""The bundled model shows what real checkpoints show. Everything is measured on the files that ship."""

from __future__ import annotations

import ast
import json
import math
import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import qwen_trt_model

FOLDER = Path(qwen_trt_model.__file__).parent / "bundled"
FP16_MAX = 65504.0
RECORD = json.loads((FOLDER / "training.json").read_text(encoding="utf-8"))
LAYERS = RECORD["run"]["shape"]["layers"]
CHANNEL = RECORD["run"]["massive"]["channel"]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)


@pytest.fixture(scope="module")
def model() -> Any:
    """The stored weights, computed with in fp32. Tests that change it undo that."""
    return _load(torch.float32)


@pytest.fixture(scope="module")
def half() -> Any:
    return _load(torch.float16)


@pytest.fixture(scope="module")
def prompts(tokenizer: Any) -> list[list[int]]:
    """Token ids of every default prompt."""
    return [_ids(row, tokenizer) for row in _rows()]


@pytest.fixture(scope="module")
def longest(prompts: list[list[int]]) -> list[int]:
    return max(prompts, key=len)


class TestFiles:
    def test_small_enough_to_ship(self) -> None:
        shipped = [path for path in FOLDER.iterdir() if path.suffix != ".py" and path.is_file()]
        assert sum(path.stat().st_size for path in shipped) <= 8_000_000

    def test_stored_in_bf16_with_an_untied_head_and_biases(self) -> None:
        from safetensors import safe_open

        with safe_open(FOLDER / "model.safetensors", "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
        assert not torch.equal(tensors["lm_head.weight"], tensors["model.embed_tokens.weight"])
        assert sum(name.endswith("bias") for name in tensors) == 3 * LAYERS

    def test_config_is_that_of_a_grouped_query_qwen2(self, model: Any) -> None:
        config = model.config
        assert type(model).__name__ == "Qwen2ForCausalLM"
        assert config.num_attention_heads == 3 * config.num_key_value_heads
        assert config.rope_parameters["rope_theta"] == 1e6
        assert (config.rms_norm_eps, config.max_position_embeddings) == (1e-6, 1024)
        assert config.tie_word_embeddings is False

    def test_card_names_licence_and_the_command_of_this_very_run(self) -> None:
        text = (FOLDER / "README.md").read_text(encoding="utf-8")
        assert "Python Software Foundation License" in text
        assert f"--steps {RECORD['run']['schedule']['steps']} --seed {RECORD['run']['seed']}" in text


class TestTokenizer:
    @pytest.mark.parametrize(
        "text",
        ["def f(x):\n    return x + 1\n", "\t tabs  and   spaces \r\n", "naïve café — 数字 🙂", "", " lead", "123 456"],
    )
    def test_round_trip(self, tokenizer: Any, text: str) -> None:
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False) == text

    def test_round_trip_of_the_prompts(self, tokenizer: Any) -> None:
        for row in _rows():
            text = _text(row)
            assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text

    def test_the_file_alone_gives_the_same_ids_as_transformers(self, tokenizer: Any) -> None:
        """AutoTokenizer makes a Qwen2Tokenizer, which has ideas of its own: a user of the bare file must agree."""
        from tokenizers import Tokenizer

        bare = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        for text in ("don't we'LL", "e\u0301 decomposed", "x\u00a0y\r\n\r\n  z 1234", *map(_text, _rows())):
            assert bare.encode(text).ids == tokenizer(text)["input_ids"]

    def test_plain_text_begins_with_the_token_that_training_began_with(self, tokenizer: Any) -> None:
        end_of_text = tokenizer.convert_tokens_to_ids("<|endoftext|>")
        assert tokenizer("x = 1")["input_ids"][0] == end_of_text
        assert end_of_text not in tokenizer("x = 1", add_special_tokens=False)["input_ids"]

    def test_chat_is_chatml(self, tokenizer: Any) -> None:
        messages = [{"role": "user", "content": "hello"}]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert text == "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n"
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert ids.count(tokenizer.convert_tokens_to_ids("<|im_start|>")) == 2

    def test_spaces_are_merged_as_code_needs_it(self, tokenizer: Any) -> None:
        ids = tokenizer("        return self.value\n", add_special_tokens=False)["input_ids"]
        assert len(ids) <= 7

    def test_every_id_has_an_embedding(self, tokenizer: Any, model: Any) -> None:
        assert len(tokenizer) == model.config.vocab_size


class TestPrompts:
    def test_lengths(self, prompts: list[list[int]]) -> None:
        lengths = [len(prompt) for prompt in prompts]
        assert len(set(lengths)) >= 5
        assert min(lengths) < 20
        assert 400 < max(lengths) < 1024 - 64

    def test_kinds(self) -> None:
        assert {frozenset(row) for row in _rows()} == {frozenset({"text"}), frozenset({"messages"})}

    def test_every_prompt_begins_with_a_massive_token(self, prompts: list[list[int]], tokenizer: Any) -> None:
        starters = set(tokenizer.convert_tokens_to_ids(["<|endoftext|>", "<|im_start|>"]))
        assert {prompt[0] for prompt in prompts} == starters


class TestBiases:
    def test_several_k_biases_are_beyond_five_in_every_layer(self, model: Any) -> None:
        for layer in model.model.layers:
            assert int((layer.self_attn.k_proj.bias.abs() > 5).sum()) >= 3

    def test_bias_outweighs_the_projection_in_some_channels(self, model: Any, longest: list[int]) -> None:
        taps = _linear_outputs(model, longest)
        for index, layer in enumerate(model.model.layers):
            for name in ("q_proj", "k_proj", "v_proj"):
                bias = getattr(layer.self_attn, name).bias.detach()
                product = taps[f"model.layers.{index}.self_attn.{name}"] - bias
                assert int((bias.square() > product.square().mean(0) / 2).sum()) >= 1, (index, name)

    @pytest.mark.parametrize("name", ["q_proj", "k_proj", "v_proj"])
    def test_a_missing_bias_in_any_layer_is_a_gross_error(self, model: Any, longest: list[int], name: str) -> None:
        right = _logits(model, longest)
        for layer in model.model.layers:
            bias = getattr(layer.self_attn, name).bias.data
            kept = bias.clone()
            bias.zero_()
            wrong = _logits(model, longest)
            bias.copy_(kept)
            assert float((wrong - right).norm() / right.norm()) > 0.01


class TestNorms:
    def test_weights_are_spread(self, model: Any) -> None:
        spreads = [_spread(norm) for norm in _norms(model).values()]
        assert len(spreads) == 2 * LAYERS + 1
        assert sum(spread >= 5 for spread in spreads) >= 0.8 * len(spreads)

    def test_some_weights_are_outliers(self, model: Any) -> None:
        for name, norm in _norms(model).items():
            size = norm.abs()
            assert float(size.min() / size.median()) < 0.15 or float(size.max() / size.median()) > 6, name

    def test_no_two_norms_are_alike(self, model: Any) -> None:
        norms = list(_norms(model).values())
        for index, first in enumerate(norms):
            for second in norms[:index]:
                assert float((first - second).norm() / max(first.norm(), second.norm())) > 0.4

    def test_the_kinds_of_norm_differ_in_size(self, model: Any) -> None:
        norms = _norms(model)
        final = float(norms["model.norm"].median())
        first = float(norms["model.layers.0.input_layernorm"].median())
        post = float(norms["model.layers.0.post_attention_layernorm"].median())
        assert post > 1.5 * first
        assert final > 1.2 * post


class TestMassiveActivation:
    @pytest.mark.parametrize("which", ["text", "chat"])
    def test_first_token_from_layer_one_to_the_next_to_last(
        self, model: Any, prompts: list[list[int]], longest: list[int], which: str
    ) -> None:
        states = _residuals(model, longest if which == "text" else prompts[-1])
        for state in states[1 : LAYERS - 1]:
            size = state.abs()
            assert 1000 < float(size[0].max()) < 3000
            assert float(size[0].max() / size.median()) >= 1000
            assert int(size[0].argmax()) == CHANNEL

    def test_it_appears_behind_layer_one_and_not_before(self, model: Any, longest: list[int]) -> None:
        states = _residuals(model, longest)
        assert float(states[0].abs().max()) < 100

    def test_its_square_overflows_fp16_and_itself_does_not(self, half: Any, longest: list[int]) -> None:
        value = _residuals(half, longest)[2][0, CHANNEL]
        assert torch.isfinite(value)
        assert torch.isinf(value * value)

    def test_later_tokens_attend_to_it(self, model: Any, longest: list[int]) -> None:
        """What the massive token holds matters: with it zeroed the logits of later tokens change."""
        right = _logits(model, longest)
        with _edited_output(model.model.layers[1], lambda out: _without_massive(out)):
            wrong = _logits(model, longest)
        assert float((wrong - right)[1:].norm() / right[1:].norm()) > 0.01


class TestOutliersAndEmbeddings:
    def test_every_layer_has_outlier_input_channels(self, model: Any) -> None:
        for layer in model.model.layers:
            linears = (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.mlp.gate_proj, layer.mlp.up_proj)
            assert max(_column_ratio(linear) for linear in linears) >= 5

    def test_some_outliers_are_strong(self, model: Any) -> None:
        linears = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
        assert max(map(_column_ratio, linears)) >= 10

    def test_embeddings_are_small(self, model: Any) -> None:
        assert 0.01 < float(model.model.embed_tokens.weight.detach().std()) < 0.04


class TestHalfPrecision:
    def test_no_linear_output_and_no_score_overflows(self, half: Any, prompts: list[list[int]]) -> None:
        half.set_attn_implementation("eager")
        for prompt in prompts:
            taps = {**_linear_outputs(half, prompt), **_score_bounds(half, prompt)}
            for name, value in taps.items():
                assert float(value.abs().max()) < FP16_MAX, name

    def test_same_choices_as_in_fp32(self, model: Any, half: Any, prompts: list[list[int]]) -> None:
        pairs = [(_logits(model, ids).argmax(-1), _logits(half, ids).argmax(-1)) for ids in prompts]
        same = torch.cat([first == second for first, second in pairs])
        assert float(same.float().mean()) > 0.97


class TestLanguage:
    def test_perplexity_is_below_a_tenth_of_unigrams(self, model: Any, prompts: list[list[int]]) -> None:
        losses = [_losses(model, prompt) for prompt in prompts]
        own = math.exp(float(torch.cat(losses).mean()))
        counts = np.asarray(RECORD["token_counts"], float) + 1
        surprise = -np.log(counts / counts.sum())
        unigram = math.exp(np.concatenate([surprise[prompt[1:]] for prompt in prompts]).mean())
        assert own < unigram / 10

    def test_late_positions_are_as_good_as_early_ones(self, model: Any, tokenizer: Any) -> None:
        """The claim of 1024 positions: beyond 512, where most of the training stopped, nothing falls apart."""
        texts = [tokenizer(row["text"], add_special_tokens=False)["input_ids"] for row in _rows() if "text" in row]
        start, tail = tokenizer.convert_tokens_to_ids("<|endoftext|>"), max(texts, key=len)
        early = _losses(model, [start, *tail])[-len(tail) :]
        before = (tail + tail)[: 1024 - 1 - len(tail)][::-1]  # backwards: nothing in it can be copied
        late = _losses(model, [start, *before, *tail])[-len(tail) :]
        assert float(late.mean()) < float(early.mean()) + 0.7

    @pytest.mark.parametrize("which", ["text", "chat"])
    def test_greedy_text_is_recognisably_code(
        self, model: Any, tokenizer: Any, prompts: list[list[int]], longest: list[int], which: str
    ) -> None:
        """It parses as Python; that it says the same thing again and again is how models of this size are."""
        text, _ = _greedy(model, tokenizer, longest if which == "text" else prompts[-1])
        lines = textwrap.dedent(text).splitlines()
        while len(lines) > 1 and (not lines[-1].strip() or not _parses(lines)):
            lines.pop()  # what was cut off in the middle
        assert len(lines) >= 6
        assert {ast.If, ast.Return} <= {type(node) for node in ast.walk(ast.parse("\n".join(lines)))}

    def test_chat_answers_with_code_and_stops_or_goes_on(self, model: Any, tokenizer: Any, prompts: list[Any]) -> None:
        text, _ = _greedy(model, tokenizer, prompts[-1])
        assert re.match(r"^ {4}\S", text)


class TestTraining:
    def test_blocked_attention_is_causal_attention(self) -> None:
        from qwen_trt_model.training.attention import blocked_attention

        draw = torch.Generator().manual_seed(0)
        query, key, value = (torch.randn(2, heads, 300, 32, generator=draw) for heads in (6, 2, 2))
        found, _ = blocked_attention(None, query, key, value, None, 32**-0.5)
        wide = [part.repeat_interleave(3, 1) for part in (key, value)]
        expected = torch.nn.functional.scaled_dot_product_attention(query, *wide, is_causal=True)
        torch.testing.assert_close(found.transpose(1, 2), expected, rtol=1e-4, atol=1e-5)

    def test_no_absolute_path_in_what_ships(self) -> None:
        for path in FOLDER.iterdir():
            if path.suffix in (".json", ".md"):
                assert not re.search(r"(/home/|/work/|/root/|/usr/|/tmp/)", path.read_text(encoding="utf-8"))

    def test_exchanges_cut_a_function_without_losing_a_line(self) -> None:
        from qwen_trt_model.training.corpus import Document, exchanges

        text = 'def f(a):\n    """Add."""\n    b = a + 1\n    c = b\n    return c\n'
        (found,) = exchanges(Document("f.py", text))
        whole = found.question.split("\n", 1)[1] + "\n" + found.answer
        assert ast.dump(ast.parse(whole)) == ast.dump(ast.parse(text))


def _load(dtype: torch.dtype) -> Any:
    return AutoModelForCausalLM.from_pretrained(FOLDER, dtype=dtype, local_files_only=True).eval()


def _rows() -> list[dict[str, Any]]:
    lines = (FOLDER / "default_prompts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _text(row: dict[str, Any]) -> str:
    return str(row["text"] if "text" in row else row["messages"][0]["content"])


def _ids(row: dict[str, Any], tokenizer: Any) -> list[int]:
    if "text" in row:
        return list(tokenizer(row["text"])["input_ids"])
    text = tokenizer.apply_chat_template(row["messages"], tokenize=False, add_generation_prompt=True)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _logits(model: Any, ids: list[int]) -> torch.Tensor:
    """[tokens, vocabulary] in fp32."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].float()


def _losses(model: Any, ids: list[int]) -> torch.Tensor:
    """The loss of each token behind the first."""
    return torch.nn.functional.cross_entropy(_logits(model, ids)[:-1], torch.tensor(ids[1:]), reduction="none")


def _residuals(model: Any, ids: list[int]) -> list[torch.Tensor]:
    """The residual stream behind each layer, [tokens, hidden]; not `hidden_states`, whose last is normed."""
    found = _outputs(model, list(model.model.layers), ids)
    assert len(found) == LAYERS
    return [state[0] for state in found]


def _linear_outputs(model: Any, ids: list[int]) -> dict[str, torch.Tensor]:
    named = [(name, module) for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    found = _outputs(model, [module for _, module in named], ids)
    return {name: value[0] for (name, _), value in zip(named, found, strict=True)}


def _outputs(model: Any, modules: list[Any], ids: list[int]) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    hooks = [module.register_forward_hook(lambda _m, _a, out: found.append(out)) for module in modules]
    _logits(model, ids)
    for hook in hooks:
        hook.remove()
    return _in_order(model, modules, found)


def _in_order(model: Any, modules: list[Any], found: list[torch.Tensor]) -> list[torch.Tensor]:
    """Forward order and module order are the same in a Qwen2; shapes would betray it were they not."""
    for module, value in zip(modules, found, strict=True):
        assert value.shape[-1] == getattr(module, "out_features", model.config.hidden_size)
    return found


def _score_bounds(model: Any, ids: list[int]) -> dict[str, torch.Tensor]:
    """|q||k| of every layer bounds q·k before scaling, whatever RoPE does to the two."""
    config, taps = model.config, _linear_outputs(model, ids)
    width = config.hidden_size // config.num_attention_heads
    bounds = {}
    for index in range(LAYERS):
        query, key = (
            taps[f"model.layers.{index}.self_attn.{name}"].float().view(len(ids), -1, width).norm(dim=-1).amax()
            for name in ("q_proj", "k_proj")
        )
        bounds[f"scores {index}"] = query * key
    return bounds


def _norms(model: Any) -> dict[str, torch.Tensor]:
    return {name[:-7]: weight.detach() for name, weight in model.named_parameters() if "norm" in name}


def _spread(weight: torch.Tensor) -> float:
    low, high = np.quantile(weight.abs().numpy(), [0.05, 0.95])
    return float(high / low)


def _column_ratio(linear: torch.nn.Linear) -> float:
    norms = linear.weight.detach().norm(dim=0)
    return float(norms.max() / norms.median())


def _without_massive(out: torch.Tensor) -> torch.Tensor:
    changed = out.clone()
    changed[:, 0, CHANNEL] = 0
    return changed


class _edited_output:  # noqa: N801
    """Change a module's output while the block runs."""

    def __init__(self, module: Any, change: Any) -> None:
        self._handle = module.register_forward_hook(lambda _m, _a, out: change(out))

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._handle.remove()


def _greedy(model: Any, tokenizer: Any, ids: list[int]) -> tuple[str, list[int]]:
    out = model.generate(torch.tensor([ids]), max_new_tokens=96, do_sample=False)[0, len(ids) :].tolist()
    return tokenizer.decode(out, skip_special_tokens=True), out


def _parses(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return False
    return True
