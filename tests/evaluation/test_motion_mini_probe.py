"""What is put into features is what the demonstration finds in them."""

import pytest
import torch
import torch.nn.functional as F

from vsslcodebase.evaluation.motion_mini_probe import fit_probes, read_labels

CLASSES = dict(motion=4, appearance=3, scene=5)
COUNTS = dict(train=120, test=90)


@pytest.fixture
def data_dir(tmp_path):
    """List files of videos whose labels are drawn at random."""
    draws = torch.Generator().manual_seed(0)
    for kind, classes in CLASSES.items():
        names = ''.join(f'{kind} {number}\n' for number in range(classes))
        (tmp_path / f'classes_{kind}.txt').write_text(names)
        for split, count in COUNTS.items():
            labels = torch.randint(classes, (count,), generator=draws)
            (tmp_path / f'{split}_{kind}.txt').write_text(
                ''.join(f'videos/{n}.mp4 {y}\n' for n, y in enumerate(labels))
            )
    return tmp_path


def features_with(data_dir, kind):
    """Noise, with one-hot labels of a kind in it, in any order of videos."""
    draws = torch.Generator().manual_seed(1)
    features, ids = {}, {}
    for split, count in COUNTS.items():
        ids[split] = torch.randperm(count, generator=draws)
        labels = read_labels(data_dir / f'{split}_{kind}.txt')[ids[split]]
        noise = 0.1 * torch.randn(count, 6, generator=draws)
        hot = F.one_hot(labels, CLASSES[kind]).float()
        features[split] = torch.cat([noise, hot], 1)
    return features, ids


@pytest.mark.parametrize('kind', CLASSES)
def test_a_label_that_is_there_is_read_and_no_other(data_dir, kind):
    found = fit_probes(*features_with(data_dir, kind), data_dir)
    for other, classes in CLASSES.items():
        assert found['chance'][other] == 1 / classes
        if other == kind:
            assert found['accuracy'][other] == 1
        else:
            assert found['accuracy'][other] < 1.8 / classes
    assert (found['inside_pair'] == 1) == (kind == 'motion')
    assert (found['num_train'], found['num_test']) == (120, 90)


def test_each_pair_of_motions_has_its_share(data_dir):
    found = fit_probes(*features_with(data_dir, 'motion'), data_dir)
    assert [pair['accuracy'] for pair in found['pairs']] == [1, 1]
    assert found['pairs'][1]['names'] == ['motion 2', 'motion 3']
    assert sum(pair['num_videos'] for pair in found['pairs']) == 90
