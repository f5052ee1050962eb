"""For tests of runs that are stopped and resumed."""

import torch


def same(first, second):
    """Compare nested containers of tensors and numbers bit for bit."""
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key, value in first.items():
            same(value, second[key])
    elif isinstance(first, (list, tuple)):
        assert len(first) == len(second)
        for one, other in zip(first, second):
            same(one, other)
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second)
    else:
        assert first == second


def stop_at(number, **options):
    """Overrides that add the hook which sends the signal."""
    hook = dict(type='SignalAt', number=int(number), **options)
    names = (
        'EpochSeedHook',
        'StepSeedHook',
        'FiniteLossHook',
        'ResumeCheckHook',
        'InterruptHook',
    )
    return dict(custom_hooks=[*(dict(type=name) for name in names), hook])
