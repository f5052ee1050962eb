# Functions for dist_train.sh, dist_test.sh and slurm_train.sh, not to be run.
# shellcheck shell=bash

# Print the comment that opens a script, and exit.
usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$1" >&2
    exit 2
}

# The interpreter: $PYTHON, or that of `make install`, or the first in $PATH.
python_of_project() {
    local installed="$tools/../.venv/bin/python"
    if [[ -n ${PYTHON:-} ]]; then
        echo "$PYTHON"
    elif [[ -x $installed ]]; then
        echo "$installed"
    else
        echo python
    fi
}

# run_on GPUS SCRIPT ARGUMENTS...: one process for each GPU of this machine.
run_on() {
    local gpus="$1"
    shift
    local place=(--standalone) # one machine; torchrun takes a free port
    if [[ ${NNODES:-1} -gt 1 || -n ${PORT:-} ]]; then
        place=(
            --nnodes="${NNODES:-1}"
            --node_rank="${NODE_RANK:-0}"
            --master_addr="${MASTER_ADDR:-127.0.0.1}"
            --master_port="${PORT:-29500}"
        )
    fi
    # exec: a signal to this script has to reach torchrun
    exec "$(python_of_project)" "$tools/torchrun.py" "${place[@]}" \
        --nproc_per_node="$gpus" "$@"
}
