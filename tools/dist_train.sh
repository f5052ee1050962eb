#!/usr/bin/env bash
# Train in several processes, one for each GPU (without GPUs: on the CPU).
#
#     tools/dist_train.sh CONFIG GPUS [OPTIONS OF train.py]
#
# On several machines: start it on each, with NNODES, NODE_RANK (0, 1, ...) and
# MASTER_ADDR in the environment, and PORT if 29500 is taken there. On one
# machine a free port is found, unless PORT names one.
set -euo pipefail
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$tools/torchrun.sh"

[[ $# -ge 2 && $2 =~ ^[1-9][0-9]*$ ]] || usage "${BASH_SOURCE[0]}"
config="$1" gpus="$2"
shift 2
run_on "$gpus" "$tools/train.py" "$config" --launcher pytorch "$@"
