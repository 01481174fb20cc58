# Sourced by the scripts here: the two Pythons, and how long each of their steps may take.
#
#   REFERENCE_PYTHON  has PyTorch and transformers                      (default: python3)
#   CANDIDATE_PYTHON  has the engine, and need not have PyTorch         (default: python3)
#   CANDIDATE_ENV     a file to source before CANDIDATE_PYTHON is run   (default: none)
#   STEP_SECONDS      a step is stopped after this many                 (default: 3600)
#
# Steps that are through are kept in the scratch folder, so the same command again goes on where it was stopped.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
export REFERENCE_PYTHON=${REFERENCE_PYTHON:-python3} CANDIDATE_PYTHON=${CANDIDATE_PYTHON:-python3}
export CANDIDATE_ENV=${CANDIDATE_ENV:-}
STEP_SECONDS=${STEP_SECONDS:-3600}

reference_python() { timeout -k 10 "$STEP_SECONDS" "$REFERENCE_PYTHON" "$@"; }

# The environment is set inside of timeout: its libraries are for the candidate's Python alone.
candidate_python() {
  timeout -k 10 "$STEP_SECONDS" bash -c \
    '[ -z "$CANDIDATE_ENV" ] || . "$CANDIDATE_ENV"; exec "$CANDIDATE_PYTHON" "$@"' candidate_python "$@"
}
