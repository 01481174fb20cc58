#!/usr/bin/env bash
# A model of Qwen-7B's shape, every layer checked: random weights, reference in fp32, engine in fp16 layer by layer.
#
#   benchmarks/tensorrt/big_shape.sh OUT [SPEC]
#
#   OUT   gets what check.sh writes, and logits.csv: the errors of the logits beside those of a published port
#   SPEC  the candidate; default tensorrt:fp16,layers=chained
#
# About 31 GB of GPU memory, 32 GB on disk and 40 GB of host memory. Settings, beside those of check.sh:
#
#   SHAPE    of make_model                            (default: 7b)
#   LAYERS   fewer than the shape has                 (default: all)
#   LENGTHS  tokens of each prompt                    (default: 512)
#   TAPS     what is captured                         (default: blocks)
#   MODELS   folder for the model                     (default: a folder in /tmp)
set -euo pipefail
here=$(dirname "$0")
. "$here/pythons.sh"

[ $# -ge 1 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 2; }
out=$1 spec=${2:-tensorrt:fp16,layers=chained} shape=${SHAPE:-7b} device=${DEVICE:-cuda}
model=${MODELS:-${TMPDIR:-/tmp}/layer-parity/models}/random-$shape${LAYERS:+-$LAYERS}
scratch=${SCRATCH:-${TMPDIR:-/tmp}/layer-parity/$(basename "$model")}
mkdir -p "$(dirname "$model")"

reference_python -m benchmarks.tensorrt.make_model --shape "$shape" ${LAYERS:+--layers "$LAYERS"} --out "$model" \
  --device "$device"
status=0
SCRATCH=$scratch DEVICE=$device LENGTHS=${LENGTHS:-512} TAPS=${TAPS:-blocks} TRUTH=${TRUTH:-fp32} \
  DIAGNOSE=${DIAGNOSE:-no} bash "$here/check.sh" "$model" "$out" "$spec" || status=$?
[ $status -le 1 ] || exit $status
reference_python -m benchmarks.tensorrt.logits_table --reference "$scratch/reference" --floor "$scratch/floor-fp16" \
  --candidate "$scratch/candidate-$(tr -c 'A-Za-z0-9._\n' - <<<"$spec")" --csv "$out/logits.csv"
exit $status
