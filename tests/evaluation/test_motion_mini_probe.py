"""What is put into features is what the report finds in them."""

import pytest
import torch
import torch.nn.functional as F

from vsslcodebase.evaluation.motion_mini_probe import (
    ClipFeatures,
    probe_report,
    read_labels,
)

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


def clip_features(data_dir, kinds=(), time=False):
    """Noise, with one-hot labels of some kinds and the time in it."""
    draws = torch.Generator().manual_seed(1)
    clips = {}
    for split, count in COUNTS.items():
        ids = torch.randperm(count, generator=draws)
        times = torch.rand(count, 4, generator=draws)
        parts = [0.1 * torch.randn(count, 4, 6, generator=draws)]
        for kind in kinds:
            labels = read_labels(data_dir / f'{split}_{kind}.txt')[ids]
            hot = F.one_hot(labels, CLASSES[kind]).float()
            parts.append(hot[:, None].expand(-1, 4, -1))
        if time:
            parts.append(times[..., None])
        clips[split] = ClipFeatures(torch.cat(parts, -1), times, ids)
    return clips


@pytest.mark.parametrize('kind', CLASSES)
def test_a_label_that_is_there_is_read_and_no_other(data_dir, kind):
    report = probe_report(clip_features(data_dir, [kind]), data_dir, 100)
    for other, classes in CLASSES.items():
        if other == kind:
            assert report[other] == 1
        else:
            assert report[other] < 1.8 / classes
    assert (report['inside pair'] == 1) == (kind == 'motion')
    assert (report['scene kNN'] == 1) == (kind == 'scene')
    assert report['R2 t'] < 0.05


def test_time_that_is_there_is_read(data_dir):
    clips = clip_features(data_dir, time=True)
    assert probe_report(clips, data_dir, 100)['R2 t'] > 0.99


def test_probes_are_fitted_to_so_many_videos(data_dir):
    clips = clip_features(data_dir, ['motion'])
    few = probe_report(clips, data_dir, 4)
    assert few['motion'] < 1  # not all classes are among four videos
    # the neighbours take all of the training videos in both cases
    many = probe_report(clips, data_dir, 100)
    assert few['scene kNN'] == many['scene kNN']
