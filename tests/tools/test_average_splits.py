from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import fmean, stdev

import pytest
import torch
from mmengine.config import Config
from toy_project import load_tool

from vsslcodebase.engine.arguments import parse_test
from vsslcodebase.engine.launch import run_test
from vsslcodebase.engine.overrides import apply_overrides
from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.registry import MODELS

tool = load_tool('analysis/average_splits')
TOP1 = (0.8, 0.7, 0.9)


def write_test(folder, split, time='20200101_000000', top1=0.5, **options):
    """Write what a test leaves, with ``options`` put into its config."""
    config = Config(
        dict(
            model=dict(type='A', cls_head=dict(num_classes=101)),
            optim_wrapper=dict(optimizer=dict(lr=0.01)),
            train_dataloader=dict(dataset=dict(ann_file=f'train_{split}.txt')),
            test_dataloader=dict(
                dataset=dict(
                    ann_file=f'data/test_{split}.txt',
                    pipeline=[dict(type='OpenVideo', backend='pyav')],
                )
            ),
            load_from=f'work_dirs/{split}/epoch_8.pth',
            work_dir=str(folder),
        )
    )
    apply_overrides(config, options)
    run = folder / time
    (run / 'vis_data').mkdir(parents=True)
    config.dump(run / 'vis_data' / 'config.py')
    metrics = {'acc/top1': top1, 'acc/top5': 1.0, 'time': 3.2}
    (run / f'{time}.json').write_text(json.dumps(metrics))
    return folder


@pytest.fixture
def splits(tmp_path):
    return [
        write_test(tmp_path / f'w{n}', f'split{n}', top1=top1)
        for n, top1 in enumerate(TOP1, 1)
    ]


def test_mean_and_spread_of_three_splits(splits, call_main, capsys):
    call_main(*splits)
    head, top1, top5 = capsys.readouterr().out.splitlines()
    names = ['test_split1', 'test_split2', 'test_split3', 'mean', 'spread']
    assert head.split() == names
    # spread: sqrt((0 + 0.1^2 + 0.1^2) / 2)
    numbers = ['0.8000', '0.7000', '0.9000', '0.8000', '0.1000']
    assert top1.split() == ['acc/top1', *numbers]
    assert top5.split() == ['acc/top5', *['1.0000'] * 4, '0.0000']
    assert len({len(head), len(top1), len(top5)}) == 1


@pytest.fixture
def call_main(monkeypatch):
    def run(*words):
        monkeypatch.setattr('sys.argv', ['tool', *map(str, words)])
        tool.main()

    return run


def test_the_latest_test_of_a_folder_counts_or_the_file_itself(tmp_path):
    folder = tmp_path / 'w'
    write_test(folder, 'split1', '20200101_000000', 0.1)
    write_test(folder, 'split1', '20210101_000000', 0.2)
    training = folder / '20220101_000000' / 'vis_data'
    training.mkdir(parents=True)
    (training / '20220101_000000.json').write_text('{"loss": 1}\n{}')
    latest = tool.read_result(folder)
    assert latest.metrics == {'acc/top1': 0.2, 'acc/top5': 1.0}
    first = folder / '20200101_000000' / '20200101_000000.json'
    assert tool.read_result(first).metrics['acc/top1'] == 0.1


def refusal(*folders):
    with pytest.raises(UsageError) as caught:
        tool.check([tool.read_result(folder) for folder in folders])
    return str(caught.value)


def test_what_has_no_common_mean_is_refused(splits, tmp_path):
    one, two, three = splits
    assert 'at least two results' in refusal(one)
    again = tmp_path / 'again'
    shutil.copytree(three, again)
    told = refusal(one, two, three, again)
    assert told.endswith('of the same split, data/test_split3.txt')
    same = write_test(
        tmp_path / 'same', 'split4', load_from='work_dirs/split1/epoch_8.pth'
    )
    told = refusal(one, two, same)
    assert 'w1' in told
    assert 'of one checkpoint, work_dirs/split1/epoch_8.pth;' in told
    other = write_test(
        tmp_path / 'other',
        'split4',
        **{
            'optim_wrapper.optimizer.lr': 0.02,
            'test_dataloader.dataset.pipeline.0.backend': 'decord',
        },
    )
    told = refusal(one, other)
    assert 'different configs: optim_wrapper.optimizer.lr is 0.01' in told
    assert "pipeline.0.backend is 'pyav' and 'decord'" in told


def test_longer_and_missing_parts_of_configs_are_seen():
    one = dict(tool.flatten(dict(a=[1, dict(b=2)], c={}, work_dir='x')))
    other = dict(tool.flatten(dict(a=[1], c=None, work_dir='y')))
    assert one == {'a.0': 1, 'a.1.b': 2, 'c': {}, 'work_dir': 'x'}
    assert tool.differences(one, other) == [
        "a.1.b is 2 and 'absent'",
        'c is {} and None',
    ]


def test_other_metrics_are_refused(splits):
    file = next(splits[1].glob('*/*.json'))
    file.write_text('{"mean_class_acc": 0.5}')
    assert 'has mean_class_acc' in refusal(*splits)


def test_files_that_are_no_result_are_named(splits, tmp_path):
    file = next(splits[0].glob('*/*.json'))
    for text, message in (
        ('{"time": 1.0}', 'holds no metric'),
        ('[1]', 'is no result of a test'),
        ('{', 'is no result of a test'),
    ):
        file.write_text(text)
        assert message in refusal(splits[0])
    file.write_text('{"acc/top1": 1}')
    (file.parent / 'vis_data' / 'config.py').write_text('model = dict()')
    assert 'names no list of videos to test' in refusal(splits[0])
    (file.parent / 'vis_data' / 'config.py').unlink()
    assert 'there is no' in refusal(splits[0])
    assert 'does not tell its config' in refusal(tmp_path / 'dump.pkl')
    assert 'is no result of a test' in refusal(tmp_path / 'gone.json')
    assert 'holds no <time>/<time>.json' in refusal(tmp_path)


@pytest.mark.slow
def test_tests_of_tools_test_are_averaged(
    folder, tmp_path, call_main, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    config = folder / 'retrieve.py'
    torch.manual_seed(0)
    found = []
    lines = (folder / 'test.txt').read_text().splitlines()
    for split, chosen in (('split1', lines), ('split2', lines[1:])):
        Path(f'{split}.txt').write_text('\n'.join(chosen))
        model = MODELS.build(Config.fromfile(config).model)
        torch.save(dict(state_dict=model.state_dict()), f'{split}.pth')
        args = [str(config), f'{split}.pth', '--work-dir', f'run_{split}']
        name = f'test_dataloader.dataset.ann_file={split}.txt'
        found.append(run_test(parse_test([*args, '--cfg-options', name])))
    capsys.readouterr()
    call_main('run_split1', 'run_split2')
    rows = capsys.readouterr().out.splitlines()
    table = {row.split()[0]: row.split()[1:] for row in rows[1:]}
    assert rows[0].split()[:2] == ['split1', 'split2']
    assert table.keys() == found[0].keys()
    for name, cells in table.items():
        values = [metrics[name] for metrics in found]
        numbers = [*values, fmean(values), stdev(values)]
        assert [float(cell) for cell in cells] == pytest.approx(
            numbers, abs=6e-5
        )
