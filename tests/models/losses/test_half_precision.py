"""Every loss in float16, in bfloat16 and under autocast."""

import pytest
import torch

from vsslcodebase.models import losses

IDS = torch.tensor([0, 0, 1, 1, 2, 2])
STARTS = torch.tensor([0, 9, 40, 3, 7, 7])


def random(*shape, scale=1.0):
    seed = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=seed) * scale


# Features of some tens are what an unnormalised ReLU network puts out: their
# dot products over 64 channels overflow float16.
CASES = dict(
    corp_m=lambda x: losses.corp_m_loss(x, IDS, STARTS),
    corp_order=lambda x: losses.corp_order_loss(x[..., :2], IDS, STARTS),
    corp_contrast=lambda x: losses.corp_contrast_loss(x[..., :2], IDS, STARTS),
    corp_f=lambda x: sum(losses.corp_f_loss(x, x[:, :2])),
    nt_xent=losses.nt_xent_loss,
    info_nce=lambda x: losses.info_nce_loss(x[:2], x[2:4, None], x[4:]),
    byol=lambda x: losses.byol_loss(x, x.flip(0)),
    swav=lambda x: losses.swav_loss(
        x.reshape(3, 2, 64), losses.sinkhorn_codes(x.reshape(3, 2, 64))
    ),
    same_context=losses.pace_same_context_loss,
    same_pace=lambda x: losses.pace_same_pace_loss(x, IDS),
    motion_contrast=lambda x: losses.motion_contrast_loss(
        x.reshape(3, 2, 1, -1), x.flip(0).reshape(3, 2, 1, -1)
    ),
    photometric=lambda x: losses.photometric_loss(
        x[:1, :48].reshape(1, 3, 4, 4),
        x[1:2, :48].reshape(1, 3, 4, 4),
        x[2:3, :32].reshape(1, 2, 4, 4) / 32,
    ),
    flow_smoothness=lambda x: losses.flow_smoothness_loss(
        x[:1, :32].reshape(1, 2, 4, 4)
    ),
)


def inputs(name):
    if name in ('corp_m', 'corp_order', 'corp_contrast'):
        return random(6, 6, 3, scale=100)
    x = random(6, 64, scale=40)
    x[0] = 0  # a clip whose features all died
    return x


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('name', CASES)
def test_loss_and_gradient_are_those_of_float32(name, dtype):
    half = inputs(name).to(dtype).requires_grad_()
    full = half.detach().float().requires_grad_()
    loss, expected = CASES[name](half), CASES[name](full)
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    assert loss == expected
    loss.backward()
    expected.backward()
    assert half.grad.isfinite().all()
    # The gradient is rounded once, on its way out, or once per use of x.
    torch.testing.assert_close(
        half.grad.float(), full.grad, atol=1e-2, rtol=2e-2
    )


@pytest.mark.parametrize('name', CASES)
def test_autocast_changes_nothing(name):
    x = inputs(name)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = CASES[name](x)
    assert loss == CASES[name](x)


@pytest.mark.parametrize('name', CASES)
def test_float64_is_computed_in_float32(name):
    assert CASES[name](inputs(name).double()).dtype == torch.float32
