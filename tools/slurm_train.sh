#!/usr/bin/env bash
# Train under Slurm, one task for each GPU.
#
#     tools/slurm_train.sh PARTITION JOB_NAME CONFIG [OPTIONS OF train.py]
#
# In the environment: GPUS (in all, default 8), GPUS_PER_NODE (default 8, at
# most GPUS), CPUS_PER_TASK (default 5), PORT (default: chosen at random) and
# SRUN_ARGS (further options of srun, separated by spaces).
set -euo pipefail
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$tools/torchrun.sh"

[[ $# -ge 3 ]] || usage "${BASH_SOURCE[0]}"
partition="$1" job_name="$2" config="$3"
shift 3
gpus="${GPUS:-8}"
per_node="${GPUS_PER_NODE:-8}"
((per_node <= gpus)) || per_node="$gpus"
read -ra more <<<"${SRUN_ARGS:-}"
# All tasks need the same port; two jobs on one machine seldom draw the same.
export MASTER_PORT="${PORT:-$((20000 + RANDOM % 10000))}"

exec srun --partition="$partition" --job-name="$job_name" \
    --gres="gpu:$per_node" --ntasks="$gpus" --ntasks-per-node="$per_node" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${more[@]+"${more[@]}"} \
    "$(python_of_project)" -u "$tools/train.py" "$config" \
    --launcher slurm "$@"
