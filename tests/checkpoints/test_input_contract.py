"""What a network is shown: stated, compared, made."""

import pytest
import torch
from mmengine.config import Config

from vsslcodebase.checkpoints.input_contract import (
    InputContract,
    contract_of_config,
    differences,
)
from vsslcodebase.engine.launch import load_config
from vsslcodebase.models import ClipDataPreprocessor

IMAGENET = dict(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))
PACE = InputContract(
    'rgb',
    (0.0, 255.0),
    **IMAGENET,
    num_frames=16,
    frame_interval=(1, 2, 0.5),
    height=112,
    width=128,
)


def contract(**changes):
    values = dict(channel_order='rgb', value_range=(0.0, 255.0), **IMAGENET)
    return InputContract(**{**values, **changes})


def test_survives_as_plain_data():
    plain = PACE.to_dict()
    assert plain['frame_interval'] == [1, 2, 0.5]
    assert InputContract.from_dict(plain) == PACE
    assert InputContract.from_dict(contract().to_dict()) == contract()


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('channel_order', 'grb', "channel_order .* 'rgb' or 'bgr', got 'grb'"),
        ('std', [1.0, 0.0, 1.0], 'std .* positive numbers'),
        ('std', [1.0, 1.0], 'std .* 3 finite numbers'),
        ('mean', [0, 0, float('nan')], 'mean .* 3 finite numbers'),
        ('mean', 'rgb', "mean .* 3 finite numbers, got 'rgb'"),
        ('mean', [True, 1, 2], 'mean .* finite numbers'),
        ('value_range', [1, 1], 'value_range .* black below white'),
        ('num_frames', 8.0, 'num_frames .* whole number'),
        ('height', 0, 'height .* whole number'),
        ('frame_interval', [0], 'frame_interval .* positive'),
        ('frame_interval', 2, 'frame_interval .* tuple of positive'),
    ],
)
def test_impossible_values_are_named(key, value, message):
    with pytest.raises(ValueError, match=message):
        InputContract.from_dict({**PACE.to_dict(), key: value})


@pytest.mark.parametrize('given', [None, [], dict(mean=1)])
def test_anything_else_is_no_contract(given):
    with pytest.raises(ValueError, match='has the keys channel_order, value'):
        InputContract.from_dict(given)


def test_makes_what_our_preprocessor_makes_bit_for_bit():
    clip = torch.randint(0, 256, (2, 1, 3, 2, 4, 5), dtype=torch.uint8)
    for flip in (False, True):
        ours = ClipDataPreprocessor(**IMAGENET, to_bgr=flip)
        order = 'bgr' if flip else 'rgb'
        made = contract(channel_order=order).normalise(clip)
        assert torch.equal(made, ours(dict(inputs=clip))['inputs'])


def test_other_scales_by_hand():
    frames = torch.tensor([0.0, 51.0, 255.0], dtype=torch.float64)
    frames = frames.view(3, 1, 1, 1)
    unit = contract(
        channel_order='bgr',
        value_range=(-1.0, 1.0),
        mean=(0.1, 0.2, 0.3),
        std=(0.5, 0.25, 0.2),
    )
    made = unit.normalise(frames).flatten()
    # 255, 51, 0 are 1, -0.6, -1
    expected = [0.9 / 0.5, -0.8 / 0.25, -1.3 / 0.2]
    assert made.tolist() == pytest.approx(expected)
    assert unit.network_range == pytest.approx((-6.5, 3.5))


def test_frames_of_another_form_are_refused():
    with pytest.raises(ValueError, match=r'got \(3, 8, 4\)'):
        contract().normalise(torch.zeros(3, 8, 4))


def test_the_same_colours_on_another_scale_are_no_difference():
    unit = contract(value_range=(0.0, 1.0), mean=(0.45,) * 3, std=(0.225,) * 3)
    full = contract(mean=(114.75,) * 3, std=(57.375,) * 3)
    assert differences(unit, full) == []
    frames = torch.randint(0, 256, (3, 2, 4, 4), dtype=torch.uint8)
    one, other = unit.normalise(frames), full.normalise(frames)
    assert torch.allclose(one, other, atol=1e-5)


def test_differences_tell_colours_from_shapes():
    have = contract(
        channel_order='bgr', std=(1.0, 1.0, 1.0), num_frames=8, height=224
    )
    found = differences(have, PACE)
    assert [(one.name, one.is_colour) for one in found] == [
        ('channel_order', True),
        ('std', True),
        ('num_frames', False),
        ('height', False),
    ]
    assert [str(one) for one in found[1:3]] == [
        'std (1, 1, 1), not (58.395, 57.12, 57.375)',
        'num_frames 8, not 16',
    ]


def read(name, stage='train', **options):
    return contract_of_config(
        load_config(f'configs/{name}.py', options), stage
    )


def shape(contract):
    return (
        contract.num_frames,
        contract.frame_interval,
        contract.height,
        contract.width,
    )


def test_configs_of_ours_are_read():
    corp = read('corp/corp_m_r3d50_k400')
    assert corp.mean == IMAGENET['mean']
    assert shape(corp) == (16, (2,), 224, 224)
    pace = read('pace/pace_c3d_ucf101')
    assert (pace.mean, pace.std) == ((0.0,) * 3, (255.0,) * 3)
    assert pace.network_range == (0, 1)
    assert shape(pace) == (16, (1, 2, 3, 4), 112, 112)
    probe = read('eval/linear/linear_slow50_k400', 'test')
    assert probe.mean == (114.75,) * 3
    assert shape(probe) == (8, (8,), 256, 256)
    # no training, so what it trains on is not known
    assert shape(read('eval/knn/knn_r3d50_k400')) == (None, (), None, None)


def mmaction_config(preprocessor=None, transforms=()):
    pipeline = [
        dict(type='DecordInit'),
        dict(type='mmaction.SampleFrames', clip_len=32, frame_interval=2),
        dict(type='DecordDecode'),
        *transforms,
        dict(type='FormatShape', input_format='NCTHW'),
    ]
    return Config(
        dict(
            model=dict(
                type='mmaction.Recognizer3D', data_preprocessor=preprocessor
            ),
            train_dataloader=dict(
                dataset=dict(
                    type='RepeatDataset', dataset=dict(pipeline=pipeline)
                )
            ),
        )
    )


def test_mmaction2s_preprocessor_shows_bgr_if_it_is_to_exchange():
    preprocessor = dict(type='ActionDataPreprocessor', **IMAGENET, to_rgb=True)
    assert contract_of_config(mmaction_config(preprocessor)).channel_order == (
        'bgr'
    )
    plain = contract_of_config(mmaction_config())
    assert (plain.channel_order, plain.mean, plain.std) == (
        'rgb',
        (0.0,) * 3,
        (1.0,) * 3,
    )


def test_a_preprocessor_beside_the_model_counts_too():
    cfg = Config(
        dict(
            model=dict(type='VideoSelfSupervisor'),
            data_preprocessor=dict(
                type='ClipDataPreprocessor', mean=[1, 2, 3], std=[4, 5, 6]
            ),
        )
    )
    assert contract_of_config(cfg).mean == (1.0, 2.0, 3.0)
    cfg.data_preprocessor = None
    assert contract_of_config(cfg).mean == IMAGENET['mean']


@pytest.mark.parametrize(
    ('transforms', 'size'),
    [
        ([dict(type='Resize', scale=(-1, 256))], (None, None)),
        (
            [dict(type='Resize', scale=(171, 128), keep_ratio=False)],
            (128, 171),
        ),
        ([dict(type='CenterCrop', crop_size=(80, 60))], (60, 80)),
        (
            [
                dict(type='CenterCrop', crop_size=80),
                dict(type='RandomResizedCrop'),
            ],
            (None, None),
        ),
        (
            [
                dict(
                    type='PerClip',
                    transforms=[
                        [dict(type='ClipResizedRandomCrop')],
                        [dict(type='Flip')],
                    ],
                )
            ],
            (112, 112),
        ),
    ],
)
def test_the_last_step_that_gives_a_size_decides(transforms, size):
    found = contract_of_config(mmaction_config(transforms=transforms))
    assert shape(found) == (32, (2,), *size)


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(), 'has no model'),
        (dict(model=dict(type='NoSuchModel')), "no model of type 'NoSuch"),
        (
            dict(
                model=dict(
                    type='VideoSelfSupervisor',
                    data_preprocessor=dict(type='BaseDataPreprocessor'),
                )
            ),
            'BaseDataPreprocessor has no mean and std',
        ),
        (
            dict(
                model=dict(
                    type='VideoSelfSupervisor',
                    data_preprocessor=dict(
                        type='ClipDataPreprocessor', mean=[1], std=[1]
                    ),
                )
            ),
            'mean .* 3 finite numbers',
        ),
    ],
)
def test_configs_without_known_colours_are_told(cfg, message):
    with pytest.raises(ValueError, match=message):
        contract_of_config(Config(cfg))


def test_a_pace_that_is_a_fraction_is_a_number():
    found = read(
        'pace/pace_c3d_ucf101',
        **{'train_dataloader.dataset.pipeline.1.paces': ['1/4', '1/2', 1, 2]},
    )
    assert found.frame_interval == (0.25, 0.5, 1, 2)


@pytest.mark.parametrize(
    ('trained', 'evaluations'),
    [
        (
            'moco/moco_rho2_slow50_ucf101',
            [
                'knn/knn_slow50_k400',
                'knn/knn_slow50_ssv2',
                'knn/knn_slow50_ucf101',
                'linear/linear_slow50_ucf101',
                'finetune/finetune_slow50_ucf101',
            ],
        ),
        (
            'corp/corp_m_r3d50_k400',
            [
                'knn/knn_r3d50_ucf101',
                'linear/linear_r3d50_ucf101',
                'finetune/finetune_r3d50_ucf101',
                'semisup/semisup_r3d50_k400',
            ],
        ),
        (
            'pace/pace_r2plus1d10_ucf101',
            [
                'retrieval/retrieval_r2plus1d10_ucf101',
                'finetune/finetune_r2plus1d10_ucf101',
            ],
        ),
        (
            'hcml/hcml_r2d50_ucf101',
            ['finetune/finetune-motion_r2d50_ucf101'],
        ),
    ],
)
def test_evaluations_show_the_colours_of_the_training(trained, evaluations):
    want = read(trained)
    for name in evaluations:
        found = differences(read(f'eval/{name}', 'test'), want)
        assert not [str(one) for one in found if one.is_colour], name
