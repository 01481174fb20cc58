"""Every hypothesis, listed by hand. A new one is one function in one file, and one line here."""

from parity.diagnose.hypotheses.accumulation_rounded import ACCUMULATION_ROUNDED
from parity.diagnose.hypotheses.activation_clamped import ACTIVATION_CLAMPED
from parity.diagnose.hypotheses.activation_other import ACTIVATION_OTHER
from parity.diagnose.hypotheses.activation_rounded import ACTIVATION_ROUNDED
from parity.diagnose.hypotheses.activation_slope import ACTIVATION_SLOPE
from parity.diagnose.hypotheses.activation_unknown import ACTIVATION_UNKNOWN
from parity.diagnose.hypotheses.activation_up_shifted import ACTIVATION_UP_SHIFTED
from parity.diagnose.hypotheses.activation_wiring import ACTIVATION_WIRING
from parity.diagnose.hypotheses.add_scaled import ADD_SCALED
from parity.diagnose.hypotheses.attention_chunked import ATTENTION_CHUNKED
from parity.diagnose.hypotheses.attention_logn import ATTENTION_LOGN
from parity.diagnose.hypotheses.attention_operands_rounded import ATTENTION_OPERANDS_ROUNDED
from parity.diagnose.hypotheses.attention_scale import ATTENTION_SCALE
from parity.diagnose.hypotheses.attention_scale_per_head import ATTENTION_SCALE_PER_HEAD
from parity.diagnose.hypotheses.attention_wrong_input import ATTENTION_WRONG_INPUT
from parity.diagnose.hypotheses.bias_missing import BIAS_MISSING
from parity.diagnose.hypotheses.bias_multiplied import BIAS_MULTIPLIED
from parity.diagnose.hypotheses.bias_of_another_tap import BIAS_OF_ANOTHER_TAP
from parity.diagnose.hypotheses.bias_partly_missing import BIAS_PARTLY_MISSING
from parity.diagnose.hypotheses.bias_permuted import BIAS_PERMUTED
from parity.diagnose.hypotheses.branch_missing import BRANCH_MISSING
from parity.diagnose.hypotheses.causal_mask_blockwise import CAUSAL_MASK_BLOCKWISE
from parity.diagnose.hypotheses.causal_mask_missing import CAUSAL_MASK_MISSING
from parity.diagnose.hypotheses.causal_mask_shifted import CAUSAL_MASK_SHIFTED
from parity.diagnose.hypotheses.channel_scale import CHANNEL_SCALE
from parity.diagnose.hypotheses.channels_permuted import CHANNELS_PERMUTED
from parity.diagnose.hypotheses.constant_offset import CONSTANT_OFFSET
from parity.diagnose.hypotheses.constant_ratio import CONSTANT_RATIO
from parity.diagnose.hypotheses.context_accumulated import CONTEXT_ACCUMULATED
from parity.diagnose.hypotheses.embedding_normed import EMBEDDING_NORMED
from parity.diagnose.hypotheses.embedding_rows import EMBEDDING_ROWS
from parity.diagnose.hypotheses.embedding_scaled import EMBEDDING_SCALED
from parity.diagnose.hypotheses.equals_another_tap import EQUALS_ANOTHER_TAP
from parity.diagnose.hypotheses.extra_term import EXTRA_TERM
from parity.diagnose.hypotheses.fused_rows_mixed import FUSED_ROWS_MIXED
from parity.diagnose.hypotheses.gate_up_exchanged import GATE_UP_EXCHANGED
from parity.diagnose.hypotheses.head_grouping import HEAD_GROUPING
from parity.diagnose.hypotheses.head_scale import HEAD_SCALE
from parity.diagnose.hypotheses.head_tied import HEAD_TIED
from parity.diagnose.hypotheses.heads_permuted import HEADS_PERMUTED
from parity.diagnose.hypotheses.input_channel_scale import INPUT_CHANNEL_SCALE
from parity.diagnose.hypotheses.input_permuted import INPUT_PERMUTED
from parity.diagnose.hypotheses.inputs_quantised import INPUTS_QUANTISED
from parity.diagnose.hypotheses.inputs_rounded import INPUTS_ROUNDED
from parity.diagnose.hypotheses.key_unseen import KEY_UNSEEN
from parity.diagnose.hypotheses.keys_strided import KEYS_STRIDED
from parity.diagnose.hypotheses.logits_normalised import LOGITS_NORMALISED
from parity.diagnose.hypotheses.logits_softcap import LOGITS_SOFTCAP
from parity.diagnose.hypotheses.low_rank import LOW_RANK
from parity.diagnose.hypotheses.mask_value import MASK_VALUE
from parity.diagnose.hypotheses.nan_at_unseen_keys import NAN_AT_UNSEEN_KEYS
from parity.diagnose.hypotheses.norm_after_rotary import NORM_AFTER_ROTARY
from parity.diagnose.hypotheses.norm_axis import NORM_AXIS
from parity.diagnose.hypotheses.norm_count import NORM_COUNT
from parity.diagnose.hypotheses.norm_epsilon import NORM_EPSILON
from parity.diagnose.hypotheses.norm_epsilon_place import NORM_EPSILON_PLACE
from parity.diagnose.hypotheses.norm_mean_subtracted import NORM_MEAN_SUBTRACTED
from parity.diagnose.hypotheses.norm_repeated import NORM_REPEATED
from parity.diagnose.hypotheses.norm_rounded import NORM_ROUNDED
from parity.diagnose.hypotheses.norm_skipped import NORM_SKIPPED
from parity.diagnose.hypotheses.norm_statistic import NORM_STATISTIC
from parity.diagnose.hypotheses.norm_weight_missing import NORM_WEIGHT_MISSING
from parity.diagnose.hypotheses.norm_weight_of_another_tap import NORM_WEIGHT_OF_ANOTHER_TAP
from parity.diagnose.hypotheses.norm_weight_permuted import NORM_WEIGHT_PERMUTED
from parity.diagnose.hypotheses.norm_weight_plus_one import NORM_WEIGHT_PLUS_ONE
from parity.diagnose.hypotheses.norm_weight_power import NORM_WEIGHT_POWER
from parity.diagnose.hypotheses.operands_clamped import OPERANDS_CLAMPED
from parity.diagnose.hypotheses.operands_rounded import OPERANDS_ROUNDED
from parity.diagnose.hypotheses.other_weights import OTHER_WEIGHTS
from parity.diagnose.hypotheses.output_rounded import OUTPUT_ROUNDED
from parity.diagnose.hypotheses.overflowed import OVERFLOWED
from parity.diagnose.hypotheses.padding_attended import PADDING_ATTENDED
from parity.diagnose.hypotheses.partial_sums import PARTIAL_SUMS
from parity.diagnose.hypotheses.position_added import POSITION_ADDED
from parity.diagnose.hypotheses.prefix_bidirectional import PREFIX_BIDIRECTIONAL
from parity.diagnose.hypotheses.probabilities_rounded import PROBABILITIES_ROUNDED
from parity.diagnose.hypotheses.prompts_exchanged import PROMPTS_EXCHANGED
from parity.diagnose.hypotheses.prompts_mixed import PROMPTS_MIXED
from parity.diagnose.hypotheses.quantisation_scale import QUANTISATION_SCALE
from parity.diagnose.hypotheses.query_key_exchanged import QUERY_KEY_EXCHANGED
from parity.diagnose.hypotheses.residual_missing import RESIDUAL_MISSING
from parity.diagnose.hypotheses.rotary_angles_rounded import ROTARY_ANGLES_ROUNDED
from parity.diagnose.hypotheses.rotary_arithmetic_rounded import ROTARY_ARITHMETIC_ROUNDED
from parity.diagnose.hypotheses.rotary_backwards import ROTARY_BACKWARDS
from parity.diagnose.hypotheses.rotary_base import ROTARY_BASE
from parity.diagnose.hypotheses.rotary_cos_sin import ROTARY_COS_SIN
from parity.diagnose.hypotheses.rotary_dynamic_ntk import ROTARY_DYNAMIC_NTK
from parity.diagnose.hypotheses.rotary_exponent import ROTARY_EXPONENT
from parity.diagnose.hypotheses.rotary_frequencies import ROTARY_FREQUENCIES
from parity.diagnose.hypotheses.rotary_frequencies_rounded import ROTARY_FREQUENCIES_ROUNDED
from parity.diagnose.hypotheses.rotary_geometric import ROTARY_GEOMETRIC
from parity.diagnose.hypotheses.rotary_half_sign import ROTARY_HALF_SIGN
from parity.diagnose.hypotheses.rotary_interleaved import ROTARY_INTERLEAVED
from parity.diagnose.hypotheses.rotary_linear_scaling import ROTARY_LINEAR_SCALING
from parity.diagnose.hypotheses.rotary_llama3 import ROTARY_LLAMA3
from parity.diagnose.hypotheses.rotary_logn import ROTARY_LOGN
from parity.diagnose.hypotheses.rotary_missing import ROTARY_MISSING
from parity.diagnose.hypotheses.rotary_missing_in_heads import ROTARY_MISSING_IN_HEADS
from parity.diagnose.hypotheses.rotary_partial import ROTARY_PARTIAL
from parity.diagnose.hypotheses.rotary_position_frozen import ROTARY_POSITION_FROZEN
from parity.diagnose.hypotheses.rotary_position_jump import ROTARY_POSITION_JUMP
from parity.diagnose.hypotheses.rotary_position_offset import ROTARY_POSITION_OFFSET
from parity.diagnose.hypotheses.rotary_position_per_prompt import ROTARY_POSITION_PER_PROMPT
from parity.diagnose.hypotheses.rotary_position_restart import ROTARY_POSITION_RESTART
from parity.diagnose.hypotheses.rotary_positions import ROTARY_POSITIONS
from parity.diagnose.hypotheses.rotary_repeated import ROTARY_REPEATED
from parity.diagnose.hypotheses.rotary_scale import ROTARY_SCALE
from parity.diagnose.hypotheses.rotary_scaling_ignored import ROTARY_SCALING_IGNORED
from parity.diagnose.hypotheses.rotary_sections import ROTARY_SECTIONS
from parity.diagnose.hypotheses.rotary_tables_rounded import ROTARY_TABLES_ROUNDED
from parity.diagnose.hypotheses.rotary_yarn import ROTARY_YARN
from parity.diagnose.hypotheses.saturated import SATURATED
from parity.diagnose.hypotheses.score_bias import SCORE_BIAS
from parity.diagnose.hypotheses.score_cap import SCORE_CAP
from parity.diagnose.hypotheses.scores_overflowed import SCORES_OVERFLOWED
from parity.diagnose.hypotheses.scores_rounded import SCORES_ROUNDED
from parity.diagnose.hypotheses.scores_saturated import SCORES_SATURATED
from parity.diagnose.hypotheses.sliding_window import SLIDING_WINDOW
from parity.diagnose.hypotheses.sliding_window_sinks import SLIDING_WINDOW_SINKS
from parity.diagnose.hypotheses.softmax_axis import SOFTMAX_AXIS
from parity.diagnose.hypotheses.softmax_not_normalised import SOFTMAX_NOT_NORMALISED
from parity.diagnose.hypotheses.softmax_sink import SOFTMAX_SINK
from parity.diagnose.hypotheses.token_scale import TOKEN_SCALE
from parity.diagnose.hypotheses.tokens_shifted import TOKENS_SHIFTED
from parity.diagnose.hypotheses.value_grid import VALUE_GRID
from parity.diagnose.hypotheses.value_heads import VALUE_HEADS
from parity.diagnose.hypotheses.values_rotated import VALUES_ROTATED
from parity.diagnose.hypotheses.values_shifted import VALUES_SHIFTED
from parity.diagnose.hypotheses.weight_entries import WEIGHT_ENTRIES
from parity.diagnose.hypotheses.weight_rows_permuted import WEIGHT_ROWS_PERMUTED
from parity.diagnose.hypotheses.weight_rows_zero import WEIGHT_ROWS_ZERO
from parity.diagnose.hypotheses.weight_scale import WEIGHT_SCALE
from parity.diagnose.hypotheses.weight_transposed import WEIGHT_TRANSPOSED
from parity.diagnose.hypotheses.weights_fp8 import WEIGHTS_FP8
from parity.diagnose.hypotheses.weights_of_another_tap import WEIGHTS_OF_ANOTHER_TAP
from parity.diagnose.hypotheses.weights_quantised import WEIGHTS_QUANTISED
from parity.diagnose.hypotheses.wrong_input import WRONG_INPUT
from parity.diagnose.hypotheses.zeroed import ZEROED

__all__ = ["HYPOTHESES"]

HYPOTHESES = (
    BIAS_MISSING,
    BIAS_MULTIPLIED,
    BIAS_OF_ANOTHER_TAP,
    BIAS_PARTLY_MISSING,
    BIAS_PERMUTED,
    WEIGHTS_OF_ANOTHER_TAP,
    HEAD_TIED,
    WEIGHT_TRANSPOSED,
    WEIGHT_ROWS_PERMUTED,
    WEIGHT_ROWS_ZERO,
    WEIGHT_ENTRIES,
    FUSED_ROWS_MIXED,
    WEIGHT_SCALE,
    WEIGHTS_QUANTISED,
    WEIGHTS_FP8,
    QUANTISATION_SCALE,
    OPERANDS_ROUNDED,
    INPUTS_QUANTISED,
    OPERANDS_CLAMPED,
    ACCUMULATION_ROUNDED,
    INPUT_PERMUTED,
    PARTIAL_SUMS,
    INPUT_CHANNEL_SCALE,
    LOGITS_SOFTCAP,
    LOGITS_NORMALISED,
    OTHER_WEIGHTS,
    LOW_RANK,
    EMBEDDING_SCALED,
    EMBEDDING_NORMED,
    EMBEDDING_ROWS,
    POSITION_ADDED,
    NORM_EPSILON,
    NORM_EPSILON_PLACE,
    NORM_MEAN_SUBTRACTED,
    NORM_WEIGHT_MISSING,
    NORM_WEIGHT_PLUS_ONE,
    NORM_WEIGHT_OF_ANOTHER_TAP,
    NORM_WEIGHT_PERMUTED,
    NORM_WEIGHT_POWER,
    NORM_SKIPPED,
    NORM_REPEATED,
    NORM_AXIS,
    NORM_COUNT,
    NORM_STATISTIC,
    NORM_AFTER_ROTARY,
    NORM_ROUNDED,
    ACTIVATION_OTHER,
    ACTIVATION_SLOPE,
    ACTIVATION_WIRING,
    ACTIVATION_UP_SHIFTED,
    ACTIVATION_CLAMPED,
    ACTIVATION_ROUNDED,
    ACTIVATION_UNKNOWN,
    GATE_UP_EXCHANGED,
    RESIDUAL_MISSING,
    BRANCH_MISSING,
    ADD_SCALED,
    INPUTS_ROUNDED,
    ROTARY_BASE,
    ROTARY_EXPONENT,
    ROTARY_GEOMETRIC,
    ROTARY_LINEAR_SCALING,
    ROTARY_DYNAMIC_NTK,
    ROTARY_YARN,
    ROTARY_LLAMA3,
    ROTARY_SCALING_IGNORED,
    ROTARY_SCALE,
    ROTARY_SECTIONS,
    ROTARY_FREQUENCIES,
    ROTARY_MISSING,
    ROTARY_MISSING_IN_HEADS,
    ROTARY_REPEATED,
    ROTARY_BACKWARDS,
    ROTARY_COS_SIN,
    ROTARY_HALF_SIGN,
    ROTARY_INTERLEAVED,
    ROTARY_PARTIAL,
    ROTARY_POSITION_OFFSET,
    ROTARY_POSITION_FROZEN,
    ROTARY_POSITION_RESTART,
    ROTARY_POSITION_PER_PROMPT,
    ROTARY_POSITION_JUMP,
    ROTARY_POSITIONS,
    ROTARY_LOGN,
    ROTARY_FREQUENCIES_ROUNDED,
    ROTARY_ANGLES_ROUNDED,
    ROTARY_TABLES_ROUNDED,
    ROTARY_ARITHMETIC_ROUNDED,
    ATTENTION_SCALE,
    ATTENTION_SCALE_PER_HEAD,
    ATTENTION_LOGN,
    QUERY_KEY_EXCHANGED,
    ATTENTION_WRONG_INPUT,
    SCORE_CAP,
    SCORE_BIAS,
    SCORES_SATURATED,
    SCORES_OVERFLOWED,
    SCORES_ROUNDED,
    ATTENTION_OPERANDS_ROUNDED,
    CAUSAL_MASK_MISSING,
    CAUSAL_MASK_SHIFTED,
    CAUSAL_MASK_BLOCKWISE,
    MASK_VALUE,
    SLIDING_WINDOW,
    SLIDING_WINDOW_SINKS,
    PREFIX_BIDIRECTIONAL,
    KEYS_STRIDED,
    ATTENTION_CHUNKED,
    KEY_UNSEEN,
    PADDING_ATTENDED,
    NAN_AT_UNSEEN_KEYS,
    PROMPTS_MIXED,
    SOFTMAX_AXIS,
    SOFTMAX_NOT_NORMALISED,
    SOFTMAX_SINK,
    PROBABILITIES_ROUNDED,
    HEAD_GROUPING,
    VALUE_HEADS,
    HEADS_PERMUTED,
    VALUES_SHIFTED,
    VALUES_ROTATED,
    CONTEXT_ACCUMULATED,
    WRONG_INPUT,
    EXTRA_TERM,
    CHANNELS_PERMUTED,
    EQUALS_ANOTHER_TAP,
    TOKENS_SHIFTED,
    PROMPTS_EXCHANGED,
    ZEROED,
    SATURATED,
    OVERFLOWED,
    OUTPUT_ROUNDED,
    VALUE_GRID,
    CONSTANT_RATIO,
    HEAD_SCALE,
    CHANNEL_SCALE,
    TOKEN_SCALE,
    CONSTANT_OFFSET,
)
