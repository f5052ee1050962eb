"""MMAction2's own recognizer gives what our network gives."""

import copy

import pytest
import torch
from encoded_video import encode
from mmaction.models import I3DHead, Recognizer3D, ResNet3d, ResNet3dSlowOnly
from mmaction.registry import MODELS as THEIR_MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from saved_toys import FAMILIES, publish, save_training, unsettled

from vsslcodebase.checkpoints.clip_shape import ClipShape, clip_shape
from vsslcodebase.checkpoints.exporters.recognizer import to_recognizer
from vsslcodebase.checkpoints.exporters.recognizer_config import (
    assigned,
    written,
)
from vsslcodebase.checkpoints.saved_network import open_saved
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.registry import MODELS


def exported(saved, folder, **options):
    """Export, and read the config as MMAction2 does."""
    target, config = folder / 'out.pth', folder / 'configs' / 'out.py'
    shape = ClipShape(4, 1, 32, 32)
    made = to_recognizer(saved, target, config, shape, **options)
    return made, Config.fromfile(config)


def theirs(cfg):
    """Build the config's model in MMAction2's scope, and load its file."""
    init_default_scope('mmaction')
    model = THEIR_MODELS.build(cfg.model)
    assert type(model) is Recognizer3D
    content = torch.load(cfg.load_from, weights_only=True)
    return model.eval(), content['state_dict']


def batch():
    """Two videos of three clips, uint8 RGB."""
    torch.manual_seed(0)
    clips = torch.randint(0, 256, (2, 3, 3, 8, 32, 32), dtype=torch.uint8)
    samples = [ActionDataSample().set_gt_label(0) for _ in range(2)]
    return dict(inputs=list(clips), data_samples=samples)


@pytest.mark.parametrize('name', FAMILIES)
def test_features_of_each_family(name, tmp_path):
    path, network = publish(tmp_path, name)
    saved = open_saved(path)
    made, cfg = exported(saved, tmp_path, num_classes=5)
    model, state = theirs(cfg)
    left = model.load_state_dict(state, strict=False)
    assert not left.unexpected_keys
    assert left.missing_keys == [
        'cls_head.fc_cls.weight',
        'cls_head.fc_cls.bias',
    ]
    data = model.data_preprocessor(copy.deepcopy(batch()))
    clips = torch.stack(batch()['inputs']).flatten(0, 1)
    wanted = saved.contract.normalise(clips)  # blue, green, red
    got = data['inputs'].flatten(0, 1)
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        feats = model.extract_feat(wanted[:, None], test_mode=True)[0]
        assert torch.equal(feats, network(wanted))
    plain = name in ('slow50', 'r3d50')
    assert made.is_plain is plain
    assert ('custom_imports' in cfg) is not plain
    if plain:
        assert type(model.backbone) is ResNet3d
    assert type(model.cls_head) is I3DHead


def test_slow_only_takes_the_weights(tmp_path):
    path, network = publish(tmp_path, 'slow50')
    slow_only = ResNet3dSlowOnly(
        depth=50, pretrained=None, base_channels=4, stage_blocks=(1, 1, 1, 1),
        conv1_stride_s=2, pool1_stride_s=2, zero_init_residual=False,
    )  # fmt: skip
    state = open_saved(path).state
    slow_only.load_state_dict(
        {key.removeprefix('backbone.'): value for key, value in state.items()}
    )
    clips = torch.linspace(-2, 2, 2 * 3 * 4 * 32 * 32).view(2, 3, 4, 32, 32)
    slow_only.eval()
    with torch.no_grad():
        assert torch.equal(slow_only(clips), network(clips))


def classifier(head, folder):
    """A checkpoint of a classifier, and the model that made it."""
    init_default_scope('vsslcodebase')
    cfg = dict(
        type='Recognizer3D',
        data_preprocessor=dict(type='ClipDataPreprocessor'),
        backbone=FAMILIES['slow50'][0],
        cls_head=dict(num_classes=3, in_channels=128, **head),
    )
    model = unsettled(MODELS.build(cfg))
    if head.get('feature_norm') == 'bn':
        torch.nn.init.uniform_(model.cls_head.norm.running_var, 0.5, 1.5)
    text = Config(dict(model=cfg)).pretty_text
    return save_training(folder, model, text), model


@pytest.mark.parametrize(
    ('head', 'is_plain'),
    [
        (dict(type='LinearClsHead', feature_norm='none'), True),
        (dict(type='LinearClsHead', feature_norm='bn'), False),
        (dict(type='LinearClsHead', feature_norm='none', pool_size=2), False),
        (dict(type='I3DHead', average_clips='prob'), True),
    ],
)
def test_a_classifier_keeps_its_scores(head, is_plain, tmp_path):
    if head.get('pool_size'):
        head = dict(head, average_clips='score')
    path, model = classifier(head, tmp_path)
    made, cfg = exported(open_saved(path), tmp_path)
    assert made.is_plain is is_plain
    data = model.data_preprocessor(batch())
    with torch.no_grad():
        wanted = model(**copy.deepcopy(data), mode='predict')
        other, state = theirs(cfg)
        other.load_state_dict(state, strict=True)
        data = other.data_preprocessor(batch())
        got = other(**data, mode='predict')
    for one, another in zip(got, wanted):
        torch.testing.assert_close(one.pred_score, another.pred_score)


def test_a_classifier_has_one_number_of_classes(tmp_path):
    head = dict(type='LinearClsHead', feature_norm='none')
    saved = open_saved(classifier(head, tmp_path)[0])
    with pytest.raises(UsageError, match='of 3 classes, which is kept'):
        exported(saved, tmp_path, num_classes=4)
    saved = open_saved(publish(tmp_path, 'smallr3d')[0])
    with pytest.raises(UsageError, match='--num-classes N'):
        exported(saved, tmp_path)


def test_the_config_trains_and_tests(tmp_path):
    """As it is written, but for lists, workers and epochs."""
    path, _ = publish(tmp_path, 'smallr3d')
    saved = open_saved(path)
    target, config = tmp_path / 'small.pth', tmp_path / 'small.py'
    shape = clip_shape(saved.contract)
    to_recognizer(saved, target, config, shape, num_classes=2)
    lines = []
    for number in range(2):
        encode(tmp_path / f'{number}.mp4', num_frames=12, size=(64, 64))
        lines.append(f'{number}.mp4 {number}')
    (tmp_path / 'list.txt').write_text('\n'.join(lines))
    cfg = Config.fromfile(config)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.num_workers, loader.persistent_workers = 0, False
        loader.dataset.ann_file = str(tmp_path / 'list.txt')
        loader.dataset.data_prefix.video = str(tmp_path)
    cfg.test_dataloader = cfg.val_dataloader
    cfg.train_dataloader.batch_size = 2
    cfg.train_cfg.max_epochs = cfg.train_cfg.val_interval = 1
    cfg.work_dir = str(tmp_path / 'work')
    cfg.optim_wrapper.optimizer.lr = 0.0
    runner = Runner.from_cfg(cfg)
    runner.train()
    trained = runner.model.backbone.state_dict()
    for key, value in saved.state.items():
        if key.endswith('conv.weight'):
            assert torch.equal(trained[key.removeprefix('backbone.')], value)


def test_values_are_written_as_a_config_writes_them():
    value = dict(a=(1,), b=[dict(type='X', c=None)], type='Y')
    assert assigned('x', value) == (
        "x = dict(type='Y', a=(1,), b=[dict(type='X', c=None)])"
    )
    long = {'a key': ['x' * 30] * 3, 'type': 'Z'}
    text = written(long)
    assert eval(text, {}) == long
    assert max(map(len, text.splitlines())) < 80
    assert text.splitlines()[1] == "    'type': 'Z',"
