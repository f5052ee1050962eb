#!/usr/bin/env bash
# Test in several processes, one for each GPU (without GPUs: on the CPU).
#
#     tools/dist_test.sh CONFIG CHECKPOINT GPUS [OPTIONS OF test.py]
#
# On several machines: as dist_train.sh.
set -euo pipefail
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$tools/torchrun.sh"

[[ $# -ge 3 && $3 =~ ^[1-9][0-9]*$ ]] || usage "${BASH_SOURCE[0]}"
config="$1" checkpoint="$2" gpus="$3"
shift 3
run_on "$gpus" "$tools/test.py" "$config" "$checkpoint" \
    --launcher pytorch "$@"
