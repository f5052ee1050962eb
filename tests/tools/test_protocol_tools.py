"""Protocols and sweeps from a config and a checkpoint, as a user does it."""

import json

import pytest
import torch

from vsslcodebase.engine.preflight import UsageError
from vsslcodebase.evaluation import protocols
from vsslcodebase.evaluation.probe_grid import Recipe

EVALUATE, SWEEP = 'analysis/evaluate_protocols', 'analysis/sweep_probe'
FAST = Recipe(2, 4)


@pytest.fixture
def fast(monkeypatch):
    """Presets whose linear layers take two epochs."""
    for name, members in protocols.PRESETS.items():
        changed = tuple(p._replace(recipe=FAST, seeds=(0, 1)) for p in members)
        monkeypatch.setitem(protocols.PRESETS, name, changed)


@pytest.fixture(scope='module')
def cache(tmp_path_factory):
    """Features that the tests of this file share."""
    return tmp_path_factory.mktemp('cache')


def test_all_protocols_of_two_networks(
    call, fast, folder, cache, tmp_path, capsys
):
    out = tmp_path / 'new' / 'report.json'
    words = (
        *(folder / 'retrieve.py', folder / 'method.pth', 'untrained'),
        *('--p4', 'stages.0', '--cache', cache, '--out', out),
    )
    call(EVALUATE, *words)
    report = json.loads(out.read_text())
    said = capsys.readouterr().out
    trained, untrained = report['networks'].values()
    assert trained != untrained
    runs = trained['as listed']
    assert [*runs] == [
        p.name for p in protocols.protocols_of(list(protocols.PRESETS))
    ]
    assert runs['vcop']['scores']['R@1'] == runs['pace-p5']['scores']['R@1']
    assert len(runs['strict, 1 clip']['scores']['linear']) == 2
    assert 'pace-p4: of the layer stages.0, which the paper' in said
    assert '| layer ' in said
    assert 'published with 32 frames, stride 1, 128 px, but these' in said
    # again: no video is read, and the numbers are the same
    call(EVALUATE, *words)
    said = capsys.readouterr().out
    assert said.count('  there: p5_10, last-gap_windows, stages.0-max') == 4
    assert 'read in one pass' not in said
    assert json.loads(out.read_text()) == report


def test_numbers_are_those_of_the_other_tools(
    call, folder, cache, tmp_path, capsys
):
    out = tmp_path / 'report.json'
    call(
        EVALUATE,
        *(folder / 'retrieve.py', folder / 'method.pth', '--cache', cache),
        *('--protocols', 'vcop', '--tasks', 'retrieval', '--out', out),
    )
    capsys.readouterr()
    found = json.loads(out.read_text())['networks']
    scores = found[str(folder / 'method.pth')]['as listed']['vcop']['scores']
    # untrained features of the other test lie beside them
    for train in cache.glob('train-*/p5_10.npy'):
        settings = json.loads(train.with_suffix('.json').read_text())
        for test in cache.glob('test-*/p5_10.npy'):
            other = json.loads(test.with_suffix('.json').read_text())
            if settings['weights'] == other['weights']:
                call('analysis/retrieval', train, test, '--json')
    lines = capsys.readouterr().out.splitlines()
    assert {name: r for name, (r,) in scores.items()} in map(json.loads, lines)


def test_report_in_markdown(call, fast, folder, cache, tmp_path):
    out = tmp_path / 'report.md'
    call(
        EVALUATE,
        *(folder / 'retrieve.py', folder / 'method.pth', '--cache', cache),
        *('--protocols', 'vcop', '--tasks', 'knn', '--out', out),
    )
    head = out.read_text().splitlines()[0]
    assert [cell.strip() for cell in head.split('|')[1:-1]] == [
        '',
        'protocol',
        'kNN',
    ]


def test_splits_have_their_own_lists(call, folder, cache, tmp_path):
    text = (folder / 'retrieve.py').read_text()
    for part in ('train', 'test'):
        lines = (folder / f'{part}.txt').read_text().splitlines()
        for split in (1, 2):
            (folder / f'{part}_split{split}.txt').write_text(
                '\n'.join(lines[: len(lines) - (split == 2)])
            )
        text = text.replace(f'/{part}.txt', f'/{part}_split1.txt')
    config = folder / 'splits.py'
    config.write_text(text)
    out = tmp_path / 'report.json'
    words = ('--protocols', 'vcop', '--tasks', 'retrieval', '--cache', cache)
    call(
        EVALUATE,
        *(config, 'untrained', *words, '--splits', 1, 2, '--out', out),
    )
    runs = json.loads(out.read_text())['networks']['untrained']
    assert [*runs] == ['1', '2']
    names = {path.name.rpartition('-')[0] for path in cache.iterdir()}
    assert {f'{p}_split{s}' for p in ('train', 'test') for s in (1, 2)} <= (
        names
    )
    with pytest.raises(UsageError, match='named after their split'):
        call(
            EVALUATE,
            folder / 'retrieve.py',
            'untrained',
            '--splits',
            1,
            *words,
        )


def test_networks_without_p4_say_so(call, folder, cache):
    with pytest.raises(ValueError, match="no layer 'p4'"):
        call(
            EVALUATE,
            *(folder / 'retrieve.py', folder / 'method.pth', '--cache', cache),
            *('--protocols', 'pace-p4'),
        )


def test_sweep_prints_grid_choice_and_spread(
    call, folder, cache, tmp_path, capsys
):
    out = tmp_path / 'sweep.json'
    call(
        SWEEP,
        *(folder / 'retrieve.py', folder / 'method.pth', '--cache', cache),
        *('--layers', 'last', 'stages.0', '--seeds', 0, 1, '--epochs', 2),
        *('--lr', 0.01, 0.1, '--weight-decay', 0, '--out', out),
    )
    said = capsys.readouterr().out
    report = json.loads(out.read_text())
    assert [run['seed'] for run in report['runs']] == [0, 1]
    for run in report['runs']:
        assert run['layer'] in ('last', 'stages.0')
        assert run['num_trained'] + run['num_held_out'] == 5
        assert torch.tensor(run['accuracies']['last']).shape == (2, 1)
        assert run['accuracy'] == max(
            value for grid in run['accuracies'].values() for (value,) in grid
        )
    assert '| stages.0 | decay 0 |' in said
    assert 'top-1 over 2 seeds: ' in said
