"""A checkpoint that does not fit is an error, not a warning."""

import logging
import types

import pytest
import torch
from torch import nn

from vsslcodebase.compat import CheckpointError
from vsslcodebase.engine.hooks import CheckpointKeysHook


def check(state, strict=False, resume=False, advice=''):
    logger = logging.getLogger('checkpoint keys')
    logger.infos = []
    logger.info = logger.infos.append
    runner = types.SimpleNamespace(
        model=nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)),
        logger=logger,
        _resume=resume,
    )
    hook = CheckpointKeysHook(strict=strict, advice=advice)
    hook.after_load_checkpoint(runner, dict(state_dict=state))
    return logger.infos[0]


def full_state(prefix=''):
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    return {prefix + name: value for name, value in model.state_dict().items()}


def test_a_full_checkpoint_passes_strictly_and_names_what_is_left():
    info = check(
        {**full_state('module.'), 'head.weight': torch.zeros(1)}, True
    )
    assert '4 of 4 values' in info
    assert '1 in the file not used: head.weight' in info


@pytest.mark.parametrize('rule', [dict(strict=True), dict(resume=True)])
def test_a_missing_value_is_an_error_in_a_test_and_on_resume(rule):
    state = full_state()
    del state['1.bias']
    with pytest.raises(
        CheckpointError, match=r'fits 3 of the 4.*Missing: 1\.bias'
    ):
        check(state, **rule)
    assert '3 of 4 values' in check(state)  # a start for fine-tuning


def test_the_error_names_what_is_left_over_and_a_way_out():
    state = {'old.weight': torch.zeros(1), **full_state()}
    del state['0.bias']
    message = r'Missing: 0\.bias\..*not in the model: old\.weight.* Do so$'
    with pytest.raises(CheckpointError, match=message):
        check(state, strict=True, advice='Do so')


def test_a_value_of_another_shape_is_an_error():
    state = full_state()
    state['0.weight'] = torch.zeros(3, 5)
    with pytest.raises(
        CheckpointError, match=r'0\.weight \(3, 5\), not \(3, 2\)'
    ):
        check(state, strict=True)


def test_a_checkpoint_of_another_model_is_always_an_error():
    with pytest.raises(CheckpointError, match='fits 0 of the 4'):
        check(full_state('encoder.'))
