"""The report on checkpoints, on a motion-mini of forty videos."""

import json

import pytest
import torch
from mmengine.runner import Runner
from toy_project import load_tool

from vsslcodebase.datasets.motion_mini import make_dataset
from vsslcodebase.datasets.motion_mini.dataset import DatasetSpec
from vsslcodebase.datasets.motion_mini.levels import level_knobs
from vsslcodebase.engine.feature_model import feature_config, feature_model
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.engine.probed_network import (
    clip_settings,
    network_of_config,
    pooled_reader,
)
from vsslcodebase.evaluation import extract_features
from vsslcodebase.evaluation.motion_mini_probe import probe_loaders
from vsslcodebase.evaluation.probe_features import (
    ProbeSettings,
    plan_showings,
    read_features,
)
from vsslcodebase.evaluation.probe_videos import read_videos
from vsslcodebase.registry import MODELS

TOOL = 'analysis/probe_report'
BACKBONE = dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2))


@pytest.fixture(scope='module')
def mini(folder):
    """The videos, the toy config with a loader for them, a checkpoint."""
    root = folder / 'mini'
    knobs = level_knobs('demo', num_frames=8, size=16)
    make_dataset(root, DatasetSpec(knobs, (24, 0, 16)), workers=0)
    config = folder / 'mini.py'
    config.write_text(
        (folder / 'retrieve.py').read_text()
        + f'\ntest_dataloader["dataset"].update(ann_file="", '
        f'data_prefix=dict(video="{root}"))\n'
    )
    torch.manual_seed(5)
    backbone = MODELS.build(BACKBONE)
    state = {f'backbone.{k}': v for k, v in backbone.state_dict().items()}
    cfg = f"model = dict(backbone={BACKBONE}, type='VideoSelfSupervisor')"
    torch.save(dict(meta=dict(cfg=cfg), state_dict=state), folder / 'mini.pth')
    return config, root


@pytest.fixture
def few(mini):
    """Return options for so few videos."""
    return '--data-dir', mini[1], '--num-train', 16, '--num-neighbours', 3


def test_a_config_and_networks(call, mini, few, folder, tmp_path, capsys):
    out = tmp_path / 'report.json'
    names = ('untrained', folder / 'mini.pth')
    call(TOOL, mini[0], *names, *few, '--out', out)
    report = json.loads(out.read_text())
    assert report['settings']['num_train'] == 16
    assert report['settings']['clip_len'] == 4  # the config's
    untrained, trained = report['networks'].values()
    assert untrained['weights_sha256'] != trained['weights_sha256']
    scene = trained['questions']['scene kNN']
    value = scene['figures']['played']['played']['value']
    printed = capsys.readouterr().out
    assert 'inside pair' in printed
    assert f'{100 * value:.1f}' in printed
    call(TOOL, mini[0], 'untrained', *few, '--out', out)
    again = json.loads(out.read_text())
    assert again['networks']['untrained'] == untrained


def test_a_checkpoint_alone_and_a_page(call, few, folder, tmp_path, capsys):
    out = tmp_path / 'report'
    shown = ('--frames', 4, '--interval', 1, '--size', 16, '--names', 'a', '<')
    call(TOOL, 'untrained', folder / 'mini.pth', *few, *shown, '--out', out)
    report = json.loads((out / 'report.json').read_text())
    assert list(report['networks']) == ['a', '<']
    # of 8 frames, clips of 4 fit at the paces 1 and 2
    assert report['networks']['a']['questions']['pace']['chance'] == 1 / 2
    assert report['networks']['a']['backbone']['widths'] == [4, 6]
    page = (out / 'report.html').read_text()
    assert '<h3>&lt;</h3>' in page
    assert (out / 'picture.png').read_bytes().startswith(b'\x89PNG')
    assert 'report.html' in capsys.readouterr().out


def test_a_folder_that_cannot_be_is_told_at_once(call, mini, few, tmp_path):
    (tmp_path / 'report').touch()
    with pytest.raises(FileExistsError, match='report'):
        call(TOOL, 'untrained', *few, '--out', tmp_path / 'report')


def test_features_are_those_of_the_configs_loader(mini, folder):
    config, root = mini
    checkpoint = str(folder / 'mini.pth')
    network, cfg = network_of_config(str(config), checkpoint, {}, 0)
    settings = {**clip_settings(cfg)}
    size = settings.pop('size')
    videos = {split: read_videos(root, split) for split in ('train', 'test')}
    plan = plan_showings(videos, ProbeSettings(num_train=16, **settings))
    reader = pooled_reader(network, 'cpu', size)
    found = read_features(reader, videos, plan[:1])['clips played']
    own = feature_config(str(config), checkpoint)
    model = feature_model(own)
    for split, loader in probe_loaders(own, root, 24).items():
        expected = extract_features(
            model,
            Runner.build_dataloader(loader),
            average_clips=False,
            progress=False,
        )
        assert torch.equal(
            expected.video_ids, torch.arange(len(expected.video_ids))
        )
        assert torch.allclose(found[split], expected.features, atol=1e-6)


def test_missing_data_name_the_command(call, mini, tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r'train_scene.*make_motion_mini\.py .*--size'
    ):
        call(TOOL, mini[0], 'untrained', '--data-dir', tmp_path)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (('some.py',), "name checkpoints after some.py, or 'untrained'"),
        (('untrained', '--cfg-options', 'a=1'), 'name one in front'),
        (('untrained', '--names', 'a', 'b'), '2 different names to 1'),
        (('untrained', '--num-train', '9'), '--num-train must be 16 or more'),
    ],
)
def test_misuse_is_a_sentence(call, words, message):
    with pytest.raises(UsageError, match=message):
        call(TOOL, *words)


def test_help_names_the_options(capsys, monkeypatch):
    monkeypatch.setattr('sys.argv', ['probe_report.py', '--help'])
    with pytest.raises(SystemExit):
        load_tool(TOOL).main()
    assert '--frames' in capsys.readouterr().out
