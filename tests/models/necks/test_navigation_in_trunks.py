"""LTN by a change of the neck, in every trunk, and gone downstream."""

import copy

import pytest
import torch
from mmaction.structures import ActionDataSample
from trunk_toys import METHODS, NECK

from vsslcodebase.registry import MODELS

STARTS = [[0, 4], [3, 9], [1, 2]]
TRUNKS = {
    'SimCLR': dict(
        type='VideoSelfSupervisor', head=dict(type='ContrastiveHead')
    ),
    'CORP_f': dict(
        type='VideoSelfSupervisor', head=dict(type='CORPFHead', in_channels=5)
    ),
    **{name: dict(type=name, **options) for name, options in METHODS.items()},
}


def build(trunk, variant=3, seed=0):
    torch.manual_seed(seed)
    neck = dict(
        type='TimeNavigationNeck',
        projector=NECK,
        variant=variant,
        num_directions=2,
        time_channels=4,
    )
    backbone = dict(type='SmallR3D', widths=(4, 6))
    model = MODELS.build(dict(TRUNKS[trunk], backbone=backbone, neck=neck))
    model.init_weights()
    return model


def batch(starts=STARTS):
    generator = torch.Generator().manual_seed(0)
    inputs, samples = [], []
    for row in starts:
        shape = (len(row), 3, 4, 8, 8)
        inputs.append(torch.randint(0, 256, shape, generator=generator))
        sample = ActionDataSample()
        sample.set_field(torch.tensor(row), 'clip_start')
        sample.set_field(torch.tensor(row) / 30, 'clip_time')
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


def losses_of(model, data):
    data = model.data_preprocessor(copy.deepcopy(data), training=True)
    return model.parse_losses(model(**data, mode='loss'))


@pytest.mark.parametrize('variant', [1, 2, 3])
@pytest.mark.parametrize('trunk', TRUNKS)
def test_a_step_reaches_every_parameter_and_moves_the_loss(trunk, variant):
    model = build(trunk, variant).train()
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(weights, lr=0.01)
    losses_of(model, batch())  # MoCo's queue is empty before
    loss, _ = losses_of(model, batch())
    loss.backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            if name.startswith(('neck', 'backbone')):
                assert parameter.grad.abs().sum() > 0, name
    optimizer.step()
    after, _ = losses_of(model, batch())
    assert after.isfinite()
    assert after != loss


@pytest.mark.parametrize('trunk', ['SimCLR', 'MoCo'])
def test_the_loss_depends_on_the_times(trunk):
    """And on nothing but their differences, in training."""

    def loss_at(change):
        data = batch()
        for sample in data['data_samples']:
            times = change(sample.clip_time)
            sample.set_field(times, 'clip_time')
        model = build(trunk).train()
        losses_of(model, batch())  # MoCo's queue is empty before
        torch.manual_seed(1)  # the draw of shuffle-BN
        return losses_of(model, data)[0].item()

    same = loss_at(lambda times: times)
    assert loss_at(lambda times: times.flip(0)) != pytest.approx(same)
    later = loss_at(lambda times: times + 7.5)
    assert later == pytest.approx(same, rel=1e-4)


@pytest.mark.parametrize('trunk', TRUNKS)
def test_missing_times_are_an_error_in_every_trunk(trunk):
    data = batch()
    for sample in data['data_samples']:
        del sample.clip_time
    with pytest.raises(ValueError, match='needs clip_time in every data'):
        losses_of(build(trunk).train(), data)


def test_downstream_there_is_the_backbone_alone(tmp_path):
    model = build('SimCLR').train()
    losses_of(model, batch())  # statistics to be found again
    path = str(tmp_path / 'pretrained.pth')
    torch.save(dict(state_dict=model.state_dict()), path)
    backbone = MODELS.build(
        dict(
            type='SmallR3D',
            widths=(4, 6),
            init_cfg=dict(
                type='Pretrained', checkpoint=path, prefix='backbone.'
            ),
        )
    )
    backbone.init_weights()
    expected = model.backbone.state_dict()
    found = backbone.state_dict()
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(found[key], value), key
    # features are those of the backbone, whatever the times
    clip = torch.randn(1, 1, 3, 4, 8, 8)
    features = model.eval()(clip, mode='tensor')
    torch.testing.assert_close(features, backbone.eval()(clip[:, 0]))
