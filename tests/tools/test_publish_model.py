"""A training's checkpoint becomes two files that others can use."""

import re
import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from motion_toys import pretrainer_config, recognizer_config
from toy_project import load_tool
from trunk_toys import NECK, trunk_config

from vsslcodebase.checkpoints.config_text import read_config_text
from vsslcodebase.checkpoints.published import build_backbone, read_published
from vsslcodebase.engine.misuse import one_sentence
from vsslcodebase.registry import MODELS

SMALL = dict(type='SmallR3D', widths=(4, 6))
MODELS_OF = {
    'moco': trunk_config('MoCo', norm='SyncBN'),
    'byol': trunk_config('BYOL'),
    'swav': trunk_config('SwAV'),
    'corp': dict(
        type='VideoSelfSupervisor',
        backbone=dict(SMALL, frozen=False),
        neck=NECK,
        head=dict(type='ContrastiveHead'),
    ),
    'hcml': pretrainer_config(1),
    'joint': recognizer_config(),
    'linear': dict(
        type='Recognizer3D',
        backbone=dict(
            SMALL,
            frozen=True,
            init_cfg=dict(type='Pretrained', checkpoint='/there/x.pth'),
        ),
        cls_head=dict(type='LinearClsHead', in_channels=6, num_classes=3),
        data_preprocessor=dict(
            type='ClipDataPreprocessor',
            mean=[1.0, 2.0, 3.0],
            std=[4.0, 5.0, 6.0],
        ),
    ),
}
KEPT = {
    'moco': {'backbone', 'neck'},
    'byol': {'backbone', 'neck', 'predictor'},
    'swav': {'backbone', 'neck', 'prototypes'},
    'corp': {'backbone', 'neck'},
    'hcml': {'backbone', 'motion_head'},
    'joint': {'backbone', 'motion_head', 'cls_head'},
    'linear': {'backbone', 'cls_head'},
}
PIPELINE = [
    dict(type='OpenVideo'),
    dict(type='SamplePaceClips', clip_len=4, paces=(1, 2)),
    dict(
        type='PerClip',
        transforms=[dict(type='ClipRandomResizedCrop', size=16)],
    ),
]


def run_config(model, **options):
    dataset = dict(
        type='VideoListDataset',
        ann_file='/there/secret/train.txt',
        data_prefix=dict(video='data/videos'),
        pipeline=PIPELINE,
    )
    return Config(
        dict(
            model=model,
            train_dataloader=dict(batch_size=2, dataset=dataset),
            work_dir='/there/secret/work_dirs/run',
            load_from='~/secret/start.pth',
            **options,
        )
    )


def make_checkpoint(path, model, **changes):
    """What mmengine writes of a model with random weights; its backbone."""
    torch.manual_seed(0)
    cfg = run_config(model)
    built = MODELS.build(cfg.model.copy())
    for buffer in built.buffers():
        if buffer.is_floating_point():
            torch.nn.init.uniform_(buffer, 0.5, 1.5)
    meta = dict(
        cfg=cfg.pretty_text,
        experiment_name='toy_run_20250131_093000',
        epoch=3,
        iter=12,
        seed=7,
        provenance=dict(commit='0' * 40, versions=dict(torch='2.0')),
    )
    content = dict(
        meta={**meta, **changes.pop('meta', {})},
        state_dict=built.state_dict(),
        message_hub=dict(loss=HistoryBuffer([1.0], [1])),
        optimizer=dict(state={}),
        param_schedulers=[],
    )
    content.update(changes)
    torch.save(content, path)
    return built.eval()


@pytest.fixture
def publish(tmp_path, monkeypatch, capsys):
    def publish(*words):
        source = tmp_path / 'epoch_3.pth'
        command = ['publish_model.py', str(source), *map(str, words)]
        monkeypatch.setattr(sys, 'argv', command)
        with one_sentence():
            load_tool('publish_model').main()
        return capsys.readouterr().out

    return publish


def both(folder, name='toy_run'):
    (whole,) = folder.glob(f'{name}_*.pth')
    (backbone,) = folder.glob(f'{name}-backbone_*.pth')
    return whole, backbone


@pytest.mark.parametrize('method', MODELS_OF)
def test_every_trunk_keeps_what_it_learnt(method, publish, tmp_path):
    torch.manual_seed(0)
    trained = make_checkpoint(tmp_path / 'epoch_3.pth', MODELS_OF[method])
    said = publish('--out', tmp_path / 'out', '--date', '20250131')
    assert said.count('the same in every bit') == 2
    files = both(tmp_path / 'out')
    whole, backbone = (torch.load(path, weights_only=True) for path in files)
    parts = {key.split('.')[0] for key in whole['state_dict']}
    assert parts == KEPT[method]
    own = trained.state_dict()
    for key, value in whole['state_dict'].items():
        assert torch.equal(value, own[key])
    assert set(backbone['state_dict']) == set(trained.backbone.state_dict())
    clip = torch.rand(1, 3, 4, 16, 16)
    if method != 'moco':  # SyncBN runs on no CPU
        with torch.no_grad():
            built = build_backbone(read_published(files[1]))
            assert torch.equal(built(clip), trained.backbone(clip))


def test_the_file_says_what_it_is_and_nothing_of_the_machine(
    publish, tmp_path
):
    make_checkpoint(tmp_path / 'epoch_3.pth', MODELS_OF['linear'])
    said = publish('--date', '20250131')
    whole, backbone = both(tmp_path)
    meta = read_published(whole).meta
    assert (meta['kind'], meta['name'], meta['method']) == (
        'model',
        'toy_run',
        'toy',
    )
    assert (meta['epoch'], meta['iter'], meta['seed']) == (3, 12, 7)
    assert meta['versions'] == dict(torch='2.0')
    assert meta['provenance']['commit'] == '0' * 40
    assert meta['backbone'] == SMALL
    contract = read_published(backbone).contract
    assert (contract.mean, contract.std) == ((1, 2, 3), (4, 5, 6))
    assert (contract.num_frames, contract.frame_interval) == (4, (1, 2))
    assert (contract.height, contract.width) == (16, 16)
    text = meta['config_text']
    config = read_config_text(text, 'it')
    assert config['model']['backbone']['init_cfg']['checkpoint'] == 'x.pth'
    dataset = config['train_dataloader']['dataset']
    assert dataset['ann_file'] == 'train.txt'
    assert dataset['data_prefix'] == dict(video='data/videos')
    for path in (whole, backbone):
        assert b'secret' not in path.read_bytes()
        assert str(tmp_path).encode() not in path.read_bytes()
        assert path.name in said
    assert 'left out: message_hub, optimizer, param_schedulers' in said
    assert 'no config in configs/ is called toy_run' in said


def test_names_dtype_and_method_are_chosen(publish, tmp_path):
    trained = make_checkpoint(tmp_path / 'epoch_3.pth', MODELS_OF['moco'])
    words = ['--name', 'small', '--method', 'contrast', '--dtype', 'float16']
    said = publish(*words)
    whole, backbone = both(tmp_path, 'small')
    assert read_published(whole).meta['method'] == 'contrast'
    state = read_published(backbone).state
    assert state['stages.0.0.conv.weight'].dtype == torch.float16
    assert state['stages.0.0.bn.num_batches_tracked'].dtype == torch.long
    own = trained.backbone.state_dict()
    for key, value in state.items():
        assert torch.allclose(value.float(), own[key].float(), atol=1e-3)
    assert said.count('not the same: up to') == 2


def test_a_config_of_that_name_is_compared(publish, tmp_path):
    make_checkpoint(tmp_path / 'epoch_3.pth', MODELS_OF['swav'])
    said = publish('--name', 'swav_rho2_smallr3d_motion-mini')
    assert re.search(
        r'not the model of swav_rho2_smallr3d_motion-mini\.py, but of a run '
        r'with options \(.*num_prototypes: 7 there',
        said,
    )


def test_publishing_twice_writes_once(publish, tmp_path):
    make_checkpoint(tmp_path / 'epoch_3.pth', MODELS_OF['corp'])
    publish('--date', '20250131')
    before = {path: path.stat().st_mtime_ns for path in both(tmp_path)}
    publish('--date', '20250131')
    assert {p: p.stat().st_mtime_ns for p in both(tmp_path)} == before
    whole = both(tmp_path)[0]
    whole.write_bytes(b'other')
    with pytest.raises(SystemExit):
        publish('--date', '20250131')


def test_a_config_can_be_named(publish, tmp_path):
    make_checkpoint(
        tmp_path / 'epoch_3.pth', MODELS_OF['corp'], meta=dict(cfg=3)
    )
    (tmp_path / 'mine.py').write_text(
        run_config(MODELS_OF['corp']).pretty_text
    )
    publish('--config', tmp_path / 'mine.py')
    assert both(tmp_path, 'mine')


def evil_config(tmp_path):
    return f"__import__('pathlib').Path('{tmp_path}/ran').touch()\n"


@pytest.mark.parametrize(
    ('change', 'words', 'message'),
    [
        (dict(), ['--date', '20250230'], 'must be YYYYMMDD'),
        (dict(), ['--name', 'a/b'], 'letters, digits'),
        (dict(), ['--out', 'FILE'], '--out is a folder to write to'),
        (dict(state_dict=None), [], 'is no checkpoint of a training'),
        (dict(meta=dict(cfg=None)), [], 'carries no config'),
        (dict(meta=dict(cfg='EVIL')), [], 'config with more than values'),
        (dict(meta=dict(cfg='a = 1')), [], 'without model.backbone'),
        (
            dict(meta=dict(cfg="model = dict(type='os.system', backbone=1)")),
            [],
            "no registered type 'os.system'. If you trust",
        ),
        (dict(state_dict={}), [], 'do not make a model'),
        (dict(nan='backbone.stages.0.0.conv.weight'), [], 'is not finite'),
        (dict(meta=dict(epoch='3')), [], 'epoch must be int or None'),
    ],
)
def test_what_cannot_be_published_is_one_sentence(
    change, words, message, publish, tmp_path, capsys
):
    source = tmp_path / 'epoch_3.pth'
    change = dict(change)
    nan = change.pop('nan', None)
    if change.get('meta', {}).get('cfg') == 'EVIL':
        change['meta'] = dict(cfg=evil_config(tmp_path))
    make_checkpoint(source, MODELS_OF['corp'], **change)
    if nan:
        content = torch.load(source, weights_only=False)
        content['state_dict'][nan][0] = float('nan')
        torch.save(content, source)
    words = [source if word == 'FILE' else word for word in words]
    with pytest.raises(SystemExit) as ended:
        publish(*words)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith('error: ')
    assert message in error
    assert nan is None or nan in error
    assert [path.name for path in tmp_path.iterdir()] == ['epoch_3.pth']


def test_a_published_file_is_not_published_again(publish, tmp_path, capsys):
    make_checkpoint(tmp_path / 'epoch_3.pth', MODELS_OF['corp'])
    publish()
    both(tmp_path)[0].rename(tmp_path / 'epoch_3.pth')
    with pytest.raises(SystemExit):
        publish()
    assert 'is published already' in capsys.readouterr().err
