"""BYOL and SwAV go on bit for bit, in the middle of an epoch too."""

import signal

import pytest
from test_resume import same
from trunk_toys import trunk_config

from vsslcodebase.compat import load_checkpoint

pytestmark = pytest.mark.slow

METRICS = {
    'BYOL': ('embedding_std', 'momentum'),
    'SwAV': ('embedding_std', 'prototype_perplexity'),
}


@pytest.fixture(params=METRICS)
def method(request):
    return request.param


@pytest.fixture
def config(config, method, tmp_path):
    """The tiny experiment with another model; what ``run`` runs."""
    path = tmp_path / 'trunk.py'
    model = trunk_config(method, _delete_=True)
    path.write_text(f"_base_ = ['{config}']\nmodel = {model}\n")
    return path


def stop_at(iteration):
    """Hooks of a run that is asked to end after an iteration."""
    names = ('EpochSeedHook', 'StepSeedHook', 'InterruptHook')
    hooks = [dict(type=name) for name in names]
    signal_hook = dict(
        type='SignalAt', number=int(signal.SIGTERM), iteration=iteration
    )
    return dict(custom_hooks=[*hooks, signal_hook])


def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(
    run, method, tmp_path
):
    run(tmp_path / 'whole')
    with pytest.raises(SystemExit):  # in epoch 2, the first without freezing
        run(tmp_path / 'work', **stop_at(iteration=5))
    run(tmp_path / 'work', '--resume')
    ended, whole = (
        load_checkpoint(tmp_path / name / 'epoch_3.pth')
        for name in ('work', 'whole')
    )
    for key in ('state_dict', 'optimizer', 'param_schedulers'):
        same(ended[key], whole[key])
    logs = [one['message_hub']['log_scalars'] for one in (ended, whole)]
    for name in ('loss', *METRICS[method]):
        ours, theirs = (log[f'train/{name}'].data[0] for log in logs)
        assert ours.tolist() == theirs.tolist()
        assert len(ours) == 12
    if method == 'BYOL':
        momenta = logs[0]['train/momentum'].data[0]
        assert momenta[0] == pytest.approx(0.996)
        assert momenta[6] == pytest.approx(0.998)  # half of the way to 1
