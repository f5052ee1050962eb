import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.model import revert_sync_batchnorm

from vsslcodebase.models.losses import corp_m_loss
from vsslcodebase.registry import MODELS


def config(head=None, **backbone):
    return dict(
        type='VideoSelfSupervisor',
        backbone=dict(type='SmallR3D', widths=(4, 6), **backbone),
        neck=dict(
            type='ProjectionNeck',
            in_channels=6,
            hidden_channels=8,
            out_channels=5,
            num_hidden=1,
            last_bn=True,
        ),
        head=head or dict(type='CORPMHead', in_channels=5),
    )


def build(*args, **options):
    torch.manual_seed(0)
    model = MODELS.build(config(*args, **options))
    model.init_weights()
    return model


def batch(videos=3, num_clips=2):
    generator = torch.Generator().manual_seed(0)
    inputs, samples = [], []
    for _ in range(videos):
        shape = (num_clips, 3, 4, 8, 8)
        inputs.append(torch.randint(0, 256, shape, generator=generator))
        sample = ActionDataSample()
        sample.set_field(torch.arange(num_clips) * 4, 'clip_start')
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


HEADS = [
    dict(type='CORPMHead', in_channels=5),
    dict(type='CORPFHead', in_channels=5),
    dict(type='ContrastiveHead'),
]


def test_tensor_mode_is_the_backbones_map_video_major():
    model = build().eval()
    data = model.data_preprocessor(batch())
    maps = model(data['inputs'])
    assert maps.shape == (6, 6, 2, 2, 2)
    one = model.backbone(data['inputs'][2, 1:2])  # video 2, clip 1
    torch.testing.assert_close(maps[5:], one)


def test_loss_mode_is_head_of_neck_of_backbone():
    model = build().eval()
    data = model.data_preprocessor(batch())
    out = model(**data, mode='loss')
    z, _ = model.neck(model.backbone(data['inputs'].flatten(0, 1)))
    videos = torch.tensor([0, 0, 1, 1, 2, 2])
    starts = torch.tensor([0, 4] * 3)
    expected = corp_m_loss(model.head(z), videos, starts)
    torch.testing.assert_close(out['loss_pair'], expected)


@pytest.mark.parametrize('head', HEADS, ids=lambda head: head['type'])
def test_a_training_step_reaches_every_parameter(head):
    model = build(head).train()
    data = model.data_preprocessor(batch(), training=True)
    loss, log = model.parse_losses(model(**data, mode='loss'))
    loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.abs().sum() > 0, name
    terms = [value for name, value in log.items() if name.startswith('loss_')]
    torch.testing.assert_close(log['loss'], sum(terms))
    assert {'embedding_std'} < set(log)


def test_frozen_backbone_gets_no_gradient_but_the_neck_does():
    model = build(frozen=True).train()
    data = model.data_preprocessor(batch(), training=True)
    model.parse_losses(model(**data, mode='loss'))[0].backward()
    assert all(p.grad is None for p in model.backbone.parameters())
    for name, parameter in model.neck.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize('head', HEADS, ids=lambda head: head['type'])
def test_validation_step_predicts_without_loss(head):
    model = build(head).eval()
    with torch.no_grad():
        samples = model.val_step(batch())
    assert [sample.embedding.shape for sample in samples] == [(2, 5)] * 3


def test_neck_losses_join_the_heads():
    class CostlyNeck(torch.nn.Module):
        def forward(self, feats, data_samples=None):
            return feats.mean((2, 3, 4))[:, :5], dict(loss_neck=feats.sum())

    model = build()
    model.neck = CostlyNeck()
    data = model.data_preprocessor(batch())
    out = model(**data, mode='loss')
    assert {'loss_neck', 'loss_pair'} < set(out)


def test_synchronised_norms_work_in_one_cpu_process():
    cfg = config(norm_cfg=dict(type='SyncBN'))
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    reverted = revert_sync_batchnorm(MODELS.build(cfg))  # as the Runner does
    reverted.load_state_dict(model.state_dict())
    losses = [
        m(**m.data_preprocessor(batch()), mode='loss')['loss_pair']
        for m in (model, reverted)
    ]
    torch.testing.assert_close(*losses)


def test_batch_without_clip_axis_is_refused():
    with pytest.raises(ValueError, match=r'\(B, V, C, T, H, W\)'):
        build()(torch.zeros(2, 3, 4, 8, 8))


def test_unknown_mode_lists_the_modes():
    model = build()
    data = model.data_preprocessor(batch())
    with pytest.raises(ValueError, match="'tensor', 'loss' or 'predict'"):
        model(**data, mode='train')
