"""Mixed precision in bfloat16."""

import pytest
import torch
from torch import nn

from vsslcodebase.engine import AutocastOptimWrapper, optim_wrapper
from vsslcodebase.registry import OPTIM_WRAPPERS


@pytest.fixture
def wrapped(monkeypatch):
    def make(has_bfloat16, **options):
        monkeypatch.setattr(
            optim_wrapper, 'computes_in_bfloat16', lambda: has_bfloat16
        )
        torch.manual_seed(0)
        model = nn.Linear(4, 1, bias=False)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        return model, AutocastOptimWrapper(optimizer=optimizer, **options)

    return make


def step(model, wrapper, x):
    with wrapper.optim_context(model):
        output = model(x)
    wrapper.update_params(output.float().sum())
    return output


def test_the_product_is_bfloat16_and_the_weights_stay_float32(wrapped):
    model, wrapper = wrapped(True)
    before = model.weight.detach().clone()
    output = step(model, wrapper, torch.tensor([[1.0, 2.0, 0.0, -1.0]]))
    assert output.dtype == torch.bfloat16
    assert model.weight.dtype == torch.float32
    expected = before - 0.5 * torch.tensor([[1.0, 2.0, 0.0, -1.0]])
    assert torch.equal(model.weight, expected)


def test_without_the_hardware_it_is_float32_and_says_so(wrapped, monkeypatch):
    said = []
    monkeypatch.setattr(
        optim_wrapper, 'print_log', lambda text, **_: said.append(text)
    )
    model, wrapper = wrapped(False)
    output = step(model, wrapper, torch.ones(1, 4))
    assert output.dtype == torch.float32
    assert 'no bfloat16 instructions' in said[0]


def test_accumulation_updates_every_second_step(wrapped):
    model, wrapper = wrapped(True, accumulative_counts=2)
    before = model.weight.detach().clone()
    step(model, wrapper, torch.ones(1, 4))
    assert torch.equal(model.weight, before)
    step(model, wrapper, torch.ones(1, 4))
    # the mean of two equal gradients
    assert torch.equal(model.weight, before - 0.5)


@pytest.mark.parametrize(
    ('flags', 'expected'),
    [('fma avx512_bf16 amx_tile', True), ('fma avx512f', False)],
)
def test_cpu_flags_decide(monkeypatch, tmp_path, flags, expected):
    cpuinfo = tmp_path / 'cpuinfo'
    cpuinfo.write_text(f'model name : A CPU\nflags : {flags}\n')
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(optim_wrapper, 'Path', lambda name: cpuinfo)
    assert optim_wrapper.computes_in_bfloat16() is expected


@pytest.mark.parametrize(
    ('capability', 'expected'), [((7, 5), False), ((8, 0), True)]
)
def test_gpu_generation_decides(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(
        torch.cuda, 'get_device_capability', lambda: capability
    )
    assert optim_wrapper.computes_in_bfloat16() is expected


def test_it_is_registered():
    assert OPTIM_WRAPPERS.get('AutocastOptimWrapper') is AutocastOptimWrapper
