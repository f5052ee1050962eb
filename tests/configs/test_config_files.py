"""Every config parses and keeps the house's rules."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest
from config_files import (
    BASES,
    CONFIGS,
    CORP_EVALUATIONS,
    CORP_PRETRAININGS,
    EVALUATIONS,
    HCML_CONFIGS,
    HCML_EVALUATIONS,
    KNNS,
    LABELLED,
    LEAVES,
    PRETRAININGS,
    SEARCHES,
    SLOW_EVALUATIONS,
    SLOW_PRETRAININGS,
    SPLITS,
    all_bases_of,
    bases_of,
    load,
    name_of,
    splits_of,
)

from vsslcodebase.datasets.transforms import ClipSampler
from vsslcodebase.registry import TRANSFORMS

METHODS = (
    'corp',
    'simclr',
    'cvrl',
    'moco',
    'byol',
    'swav',
    'ltn',
    'pace',
    'hcml',
)
PLAIN, FAST = ['DecodeClips', 'PerClip'], ['DecodeOnDemand', 'FastClips']
FULL_SIZE = [*PRETRAININGS, *EVALUATIONS]
TRAINED = [path for path in LEAVES if path not in SEARCHES]


def test_the_promised_config_exists():
    assert CONFIGS / 'corp' / 'corp_m_r3d50_ssv2.py' in LEAVES


@pytest.mark.parametrize('path', [*LEAVES, *BASES], ids=name_of)
def test_config_is_pure_data(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Lambda)
    assert not [n for n in nodes if isinstance(n, kinds)]
    texts = [n.value for n in nodes if isinstance(n, ast.Constant)]
    assert not [t for t in texts if isinstance(t, str) and '::' in t]


@pytest.mark.parametrize('path', LEAVES, ids=name_of)
def test_config_is_complete(path):
    cfg = load(path)
    assert cfg.default_scope == 'vsslcodebase'
    training = ('train_cfg', 'optim_wrapper', *SPLITS[:2])
    for key in ('model', 'test_cfg', 'test_evaluator', SPLITS[2]):
        assert cfg.get(key), key
    for key in training:  # all of it, or none
        assert bool(cfg.get(key)) is (path in TRAINED), key
    assert all(base.is_file() for base in bases_of(path))


def test_every_base_file_is_used():
    used = set().union(*(all_bases_of(path) for path in LEAVES))
    assert [name_of(base) for base in BASES if base not in used] == []


def test_basenames_are_unique():
    counts = Counter(path.name for path in LEAVES)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize('path', FULL_SIZE, ids=name_of)
def test_name_is_method_or_protocol_then_backbone_then_dataset(path):
    what, backbone, dataset = path.stem.rsplit('_', 2)
    used = {base.stem for base in all_bases_of(path)}
    assert {backbone, dataset.replace('-', '_')} <= used
    folder = path.parent.name
    assert what.replace('-', '_').split('_')[0] == folder


@pytest.mark.parametrize('path', LEAVES, ids=name_of)
def test_pipelines_have_the_five_slots_in_order(path):
    cfg = load(path)
    for split in splits_of(cfg):
        slots = cfg[split].dataset.pipeline
        kinds = [slot.type for slot in slots]
        assert len(kinds) == 5, split
        assert kinds[0] == 'OpenVideo'
        assert issubclass(TRANSFORMS.get(kinds[1]), ClipSampler)
        assert kinds[2:4] in (PLAIN, FAST)
        assert kinds[4] == 'PackClips'
        for slot in slots:  # all arguments exist and are valid
            TRANSFORMS.build(slot)


@pytest.mark.parametrize('path', LEAVES, ids=name_of)
def test_pretraining_reads_fast_and_evaluation_as_others_do(path):
    """Fast clips differ by rounding: no number to be compared sees them."""
    cfg = load(path)
    kinds = {
        split: [slot.type for slot in cfg[split].dataset.pipeline[2:4]]
        for split in splits_of(cfg)
    }
    has_results = ('Recognizer3D', 'MotionRecognizer', 'FeatureTrunk')
    wanted = dict.fromkeys(kinds, PLAIN)
    if cfg.model.type not in has_results:
        wanted['train_dataloader'] = FAST
    assert kinds == wanted


@pytest.mark.parametrize('path', TRAINED, ids=name_of)
def test_only_training_is_random_from_epoch_to_epoch(path):
    cfg = load(path)
    modes = [cfg[split].dataset.get('test_mode', False) for split in SPLITS]
    assert modes == [False, True, True]
    shuffles = [cfg[split].sampler.shuffle for split in SPLITS]
    assert shuffles == [True, False, False]


@pytest.mark.parametrize('path', EVALUATIONS, ids=name_of)
def test_evaluation_names_no_method(path):
    cfg = load(path)
    loaders = [cfg[split] for split in splits_of(cfg)]
    text = f'{path.name} {cfg.model} {loaders}'.lower()
    assert [method for method in METHODS if method in text] == []
    bases = {base.stem for base in all_bases_of(path)}
    assert [
        base for base in bases if base.replace('_', ' ').split()[0] in METHODS
    ] == []


@pytest.mark.parametrize('path', EVALUATIONS, ids=name_of)
def test_evaluation_starts_from_what_the_command_names(path):
    backbone = load(path).model.backbone
    if path.parent.name == 'supervised' or backbone.get('pretrained'):
        assert backbone.init_cfg is None  # ImageNet or chance, says the paper
    else:
        wanted = dict(type='Pretrained', checkpoint=None, prefix='backbone.')
        assert dict(backbone.init_cfg) == wanted


@pytest.mark.parametrize('path', CORP_EVALUATIONS, ids=name_of)
def test_final_prediction_averages_thirty_views(path):
    cfg = load(path)
    pipeline = cfg.test_dataloader.dataset.pipeline
    assert pipeline[1].type == 'SampleUniformClips'
    assert (pipeline[1].num_clips, pipeline[1].clip_len) == (10, 32)
    assert pipeline[3].transforms[-1].type == 'ThreeCrop'
    assert cfg.model.cls_head.average_clips == 'prob'
    # the training and the validation pipeline are other ones
    views = [cfg[split].dataset.pipeline[1].num_clips for split in SPLITS]
    assert views == [1, 1, 10]


@pytest.mark.parametrize(
    'path', CORP_PRETRAININGS + CORP_EVALUATIONS, ids=name_of
)
def test_frames_are_spaced_as_the_data_set_asks(path):
    """CORP section 4.1: every second frame of Kinetics, every one of SSv2."""
    cfg = load(path)
    wanted = 1 if path.stem.endswith('ssv2') else 2
    pipelines = [cfg[split].dataset.pipeline for split in SPLITS]
    assert {p[1].frame_interval for p in pipelines} == {wanted}
    clip_len = 16 if path in PRETRAININGS else 32
    assert {p[1].clip_len for p in pipelines} == {clip_len}


@pytest.mark.parametrize('path', EVALUATIONS, ids=name_of)
def test_short_videos_loop_in_training_as_in_the_test(path):
    """A clip is 64 frames long, longer than many videos of HMDB51."""
    cfg = load(path)
    for split in splits_of(cfg):
        sampler = TRANSFORMS.build(cfg[split].dataset.pipeline[1])
        assert sampler.loops, split


@pytest.mark.parametrize('path', CORP_PRETRAININGS, ids=name_of)
def test_no_loop_shows_where_a_video_ends_when_order_is_asked(path):
    cfg = load(path)
    sampler = TRANSFORMS.build(cfg.train_dataloader.dataset.pipeline[1])
    assert sampler.loops is (cfg.model.head.type == 'ContrastiveHead')


@pytest.mark.parametrize('path', PRETRAININGS + LABELLED, ids=name_of)
def test_flips_trade_labels_only_where_classes_have_a_side(path):
    operations = load(path).train_dataloader.dataset.pipeline[3].transforms
    flip = next(op for op in operations if op.type == 'ClipFlip')
    reads_labels = path in EVALUATIONS + HCML_CONFIGS  # one pipeline for all
    trades = reads_labels and path.stem.endswith(('ssv1', 'ssv2'))
    pairs = flip.get('flip_label_map')
    assert bool(pairs) is trades
    if trades:
        assert len(pairs) == 6
        assert all(pairs[pairs[label]] == label for label in pairs)


@pytest.mark.parametrize('path', CORP_EVALUATIONS, ids=name_of)
def test_labelled_training_leaves_out_jitter_and_blur_only(path):
    """CORP section 4.1 names these two; the greyscale stays."""
    ours = load(path).train_dataloader.dataset.pipeline[3].transforms
    corp = load(CONFIGS / 'corp' / 'corp_m_r3d50_ssv2.py')
    theirs = corp.train_dataloader.dataset.pipeline[3].transforms
    kinds = {op.type for op in theirs} - {op.type for op in ours}
    assert kinds == {'ClipColorJitter', 'ClipGaussianBlur'}
    assert {op.type for op in ours} < {op.type for op in theirs}


@pytest.mark.parametrize('path', FULL_SIZE, ids=name_of)
def test_header_says_paper_number_and_command(path):
    header = ast.get_docstring(ast.parse(path.read_text()))
    if path in KNNS:
        assert 'Wu et al. (2018)' in header
    elif path in SLOW_PRETRAININGS + SLOW_EVALUATIONS:
        assert 'LTN' in header or 'Feichtenhofer et al. (2021)' in header
    elif path in HCML_CONFIGS + HCML_EVALUATIONS:
        assert 'HCML' in header
    else:
        is_corps = path in CORP_PRETRAININGS + CORP_EVALUATIONS
        assert ('CORP' if is_corps else 'Pace Prediction') in header
    assert 'not run' in header
    assert f'configs/{name_of(path)}' in header


def header_batch(path) -> tuple[int, int, int, int] | None:
    """GPUs, videos, clips and their product as the header states them."""
    found = re.search(
        r'(\d+) GPUs? x (\d+) videos x (\d+) clips? =\s+(\d+) (videos|clips)',
        ast.get_docstring(ast.parse(path.read_text())),
    )
    return None if found is None else tuple(map(int, found.groups()[:4]))


@pytest.mark.parametrize('path', PRETRAININGS + LABELLED, ids=name_of)
def test_arithmetic_of_the_header_is_that_of_the_config(path):
    stated = path
    while (batch := header_batch(stated)) is None:  # an ablation inherits it
        (stated,) = bases_of(stated)
    gpus, videos, clips, product = batch
    cfg = load(path)
    assert cfg.train_dataloader.batch_size == videos
    assert cfg.train_dataloader.dataset.pipeline[1].num_clips == clips
    assert cfg.auto_scale_lr.base_batch_size == gpus * videos == product
