"""Presets, their table, and what is measured under their names."""

from pathlib import Path

import pytest
import torch
from config_files import ROOT

from vsslcodebase.evaluation.feature_cache import Reading
from vsslcodebase.evaluation.features import VideoFeatures
from vsslcodebase.evaluation.knn import knn_accuracy
from vsslcodebase.evaluation.probe_grid import Combination, Recipe
from vsslcodebase.evaluation.probe_sweep import Grid
from vsslcodebase.evaluation.protocol_scores import (
    ProtocolScores,
    choose_k,
    score_protocol,
    scores_table,
    shared_groups,
    warnings_of,
)
from vsslcodebase.evaluation.protocols import (
    PRESETS,
    Geometry,
    differences_table,
    protocols_of,
)
from vsslcodebase.evaluation.retrieval import retrieval_recall

GRID = Grid((0.01, 0.1), (0.0,))
VCOP, COCLR = PRESETS['vcop'][0], PRESETS['coclr'][0]
STRICT = PRESETS['strict'][1]._replace(recipe=Recipe(3), seeds=(0, 1))
FAST_COCLR = COCLR._replace(recipe=Recipe(3, 1024, (2,)), seeds=(0,))


def videos(split, num, seed, shift=0.0):
    """Features of 3 classes off the origin, which centring would undo."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(3, 8, generator=torch.Generator().manual_seed(99))
    labels = torch.arange(num) % 3
    noise = torch.randn(num, 8, generator=generator)
    return VideoFeatures(
        centres[labels] + noise + shift,
        labels,
        torch.arange(num),
        [f'{split}/{row}.mp4' for row in range(num)],
    )


@pytest.fixture
def pair():
    return videos('train', 60, 1, 3.0), videos('test', 30, 2, 3.0)


def test_presets_read_what_their_sources_say():
    readings = {p.name: p.reading for p in protocols_of(list(PRESETS))}
    assert readings == {
        'vcop': Reading('p5', None, 10),
        'coclr': Reading(None, 'gap', 'windows'),
        'pace-p4': Reading('p4', None, 10),
        'pace-p5': Reading('p5', None, 10),
        'strict, 1 clip': Reading(None, 'gap', 1),
        'strict, 10 clips': Reading(None, 'gap', 10),
    }
    assert COCLR.probe == Combination(1.0, 1e-3)
    assert COCLR.recipe == Recipe(100, 1024, (60, 80))
    assert [p.name for p in protocols_of(['vcop', 'vcop'])] == ['vcop']


def test_unknown_presets_are_named():
    with pytest.raises(ValueError, match=r'vcp; there are vcop, coclr'):
        protocols_of(['vcp'])


def test_page_has_the_table_of_differences():
    page = Path(ROOT / 'docs' / 'protocols.md').read_text()
    assert differences_table(protocols_of([*PRESETS])) in page


def test_table_leaves_out_what_is_alike():
    protocols = protocols_of(['vcop', 'pace-p5'])
    table, alike = differences_table(protocols).split('\n\n')
    assert '| videos lost (none here) ' in table
    assert 'pooling' not in table
    assert 'pooling: max (1, 2, 2); ' in alike


def test_retrieval_is_that_of_the_features(pair):
    train, test = pair
    found = score_protocol(VCOP, train, test, ['retrieval'])
    expected = retrieval_recall(
        train.features, train.labels, test.features, test.labels
    )
    assert found.scores == {name: [r] for name, r in expected.items()}
    assert found.choices == {}


def test_coclr_subtracts_the_mean_of_each_split(pair):
    train, test = pair
    moved = test._replace(features=test.features + 50)
    found = score_protocol(COCLR, train, moved, ['retrieval'])
    assert found == score_protocol(COCLR, train, test, ['retrieval'])
    expected = retrieval_recall(
        train.features - train.features.mean(0),
        train.labels,
        test.features - test.features.mean(0),
        test.labels,
    )
    assert found.scores['R@1'] == [expected['R@1']]
    # which a protocol without does not forgive
    vcop = score_protocol(VCOP, train, moved, ['retrieval'])
    assert vcop != score_protocol(VCOP, train, test, ['retrieval'])


def test_k_is_chosen_on_the_training_split(pair):
    train, test = pair
    groups = [str(row) for row in range(60)]
    k = choose_k(train.features, train.labels, groups, 1)
    found = score_protocol(STRICT, train, test, ['knn'])
    assert found.choices['knn_k'][1] == k
    right = knn_accuracy(
        train.features, train.labels, test.features, test.labels, [k]
    )
    assert found.scores['kNN'][1] == right[f'top1_k{k}']


@pytest.mark.parametrize('protocol', [STRICT, FAST_COCLR])
def test_test_labels_choose_nothing(pair, protocol):
    train, test = pair
    mixed = test._replace(labels=test.labels.roll(1))
    one, other = (
        score_protocol(protocol, train, t, ['knn', 'linear'], GRID)
        for t in (test, mixed)
    )
    assert one.choices == other.choices
    assert one.scores['linear'][0] > 0.5 > other.scores['linear'][0]


def test_coclr_has_its_own_rate_and_decay(pair):
    found = score_protocol(FAST_COCLR, *pair, ['linear'], GRID)
    assert found.choices['linear'][0]['combination'] == dict(
        lr=1.0, weight_decay=1e-3
    )


def test_a_video_in_both_splits_is_an_error(pair):
    train, test = pair
    test.filenames[3] = train.filenames[5]
    with pytest.raises(ValueError, match='1 queries are in the gallery'):
        score_protocol(VCOP, train, test)


def test_what_no_protocol_asked_for_is_marked():
    scores = {'R@1': [0.5], 'linear': [0.5, 0.7]}
    text = scores_table(
        [('net', VCOP, scores), ('', STRICT, {'R@1': [0.25]})],
        ('R@1', 'linear'),
    )
    assert text.splitlines()[2:] == [
        '| net |             vcop | 50.0 | 60.0 ± 14.1* |',
        '|     | strict, 10 clips | 25.0 |            - |',
    ]


def test_films_in_both_splits_are_found():
    names = [
        f'v_Punch_g{group:02}_c0{clip}.avi'
        for group, clip in ((1, 1), (1, 2), (2, 1))
    ]
    train, test = (
        videos('x', 3, 0)._replace(filenames=[f'{folder}/{n}' for n in files])
        for folder, files in (('a', names[::2]), ('b', names[1:2]))
    )
    assert shared_groups(train, test) == ['v_Punch_g01']


def test_warnings_name_clips_films_and_borders():
    border = dict(at_border='learning rates above 0.3')
    run = [
        ProtocolScores({}, dict(linear=[border])),
        ProtocolScores({}, dict(linear=[dict(at_border='')])),
        ProtocolScores({}, {}),
    ]
    protocols = [VCOP, COCLR, STRICT]
    clips = Geometry(32, 1, 128)
    warnings = warnings_of(protocols, [run], clips, ['v_Punch_g01'])
    assert warnings[0].startswith('1 films or scenes')
    assert warnings[1] == (
        'vcop: published with 16 frames, stride 1, 112 px, but these clips '
        'have 32 frames, stride 1, 128 px; the numbers are not those of the '
        'paper'
    )
    assert warnings[2].startswith('vcop: linear layers were chosen at the')
    assert len(warnings) == 3
    assert warnings_of([STRICT], [[run[1]]], clips) == []


def test_another_layer_in_place_of_p4_is_told():
    (p4,) = PRESETS['pace-p4']
    other = p4._replace(reading=p4.reading._replace(layer='stages.2'))
    (warning,) = warnings_of([other], [], p4.geometry)
    assert warning == 'pace-p4: of the layer stages.2, which the paper has not'
    assert warnings_of([p4], [], p4.geometry) == []
    table = differences_table([VCOP, other])
    (row,) = (row for row in table.splitlines() if ' stages.2 ' in row)
    assert row.startswith('| layer ')
