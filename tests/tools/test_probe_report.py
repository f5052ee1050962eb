"""The report on checkpoints, on a motion-mini of forty videos."""

import json

import pytest
import torch

from vsslcodebase.datasets.motion_mini import make_dataset
from vsslcodebase.datasets.motion_mini.dataset import DatasetSpec
from vsslcodebase.datasets.motion_mini.levels import level_knobs
from vsslcodebase.registry import MODELS

TOOL = 'analysis/probe_report'


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
    backbone = MODELS.build(
        dict(type='SmallR3D', widths=(4, 6), temporal_strides=(1, 2))
    )
    state = {f'backbone.{k}': v for k, v in backbone.state_dict().items()}
    torch.save(dict(state_dict=state), folder / 'mini.pth')
    return config, root


def test_rows_are_those_of_the_networks(call, mini, folder, tmp_path, capsys):
    config, root = mini
    out = tmp_path / 'report.json'
    options = ('--data-dir', root, '--num-train', 16, '--num-neighbours', 3)
    call(
        TOOL, config, 'untrained', folder / 'mini.pth', *options, '--out', out
    )
    report = json.loads(out.read_text())
    assert report['settings']['num_train'] == 16
    untrained, trained = report['networks'].values()
    assert untrained != trained
    assert {'inside pair', 'motion', 'scene', 'scene kNN', 'R2 t'} <= {
        *untrained
    }
    assert all(
        0 <= untrained[name] <= 1 for name in untrained if 'R2' not in name
    )
    printed = capsys.readouterr().out
    assert 'inside pair' in printed
    assert f'{100 * trained["scene kNN"]:.1f}' in printed
    call(TOOL, config, 'untrained', *options, '--seed', 0, '--out', out)
    assert json.loads(out.read_text())['networks']['untrained'] == untrained


def test_missing_data_are_named(call, mini, tmp_path):
    with pytest.raises(FileNotFoundError, match='train_motion'):
        call(TOOL, mini[0], 'untrained', '--data-dir', tmp_path)
