"""The whole data path through data loaders: workers, epochs, resuming."""

from __future__ import annotations

import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from torch.utils import data as torch_data
from torch.utils.data import DataLoader

from vsslcodebase.datasets import VideoListDataset

AUGMENT = [
    dict(type='ClipRandomResizedCrop', size=16),
    dict(type='ClipFlip'),
    dict(type='ClipColorJitter'),
    dict(type='ClipGrayscale'),
    dict(type='ClipGaussianBlur', kernel_size=3),
]
SAMPLER = dict(type='SampleSeparatedClips', clip_len=4, num_clips=2)
PIPELINES = dict(
    plain=[
        dict(type='OpenVideo'),
        SAMPLER,
        dict(type='DecodeClips'),
        dict(type='PerClip', transforms=AUGMENT),
        dict(type='PackClips'),
    ],
    fast=[
        dict(type='OpenVideo'),
        SAMPLER,
        dict(type='DecodeOnDemand'),
        dict(type='FastClips', transforms=AUGMENT),
        dict(type='PackClips'),
    ],
)
PIPELINE = PIPELINES['plain']
SEED = 11


class Loading:
    """A dataset and its loader, built and driven as in a training run."""

    def __init__(
        self, folder, pipeline='plain', num_workers=0, seed=SEED, **options
    ):
        dataset = dict(
            type='VideoListDataset',
            ann_file=str(folder / 'list.txt'),
            data_prefix=dict(video=str(folder)),
            pipeline=PIPELINES[pipeline],
            _scope_='vsslcodebase',
        )
        if num_workers:
            options.setdefault('persistent_workers', True)
        self.loader = Runner.build_dataloader(
            dict(
                dataset=dataset,
                batch_size=3,
                num_workers=num_workers,
                sampler=dict(type='DefaultSampler', shuffle=True),
                **options,
            ),
            seed=seed,
        )
        self.dataset = self.loader.dataset
        self.dataset.set_seed(seed)

    def epoch(self, epoch):
        """Return {video_id: clips} of an epoch, in the order loaded."""
        self.dataset.set_epoch(epoch)
        self.loader.sampler.set_epoch(epoch)
        return {
            sample.video_id: clips
            for batch in self.loader
            for clips, sample in zip(batch['inputs'], batch['data_samples'])
        }


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """After an error torch waits 5 seconds for each worker to end."""
    monkeypatch.setattr(torch_data._utils, 'MP_STATUS_CHECK_INTERVAL', 0.1)


def check_same(one, two):
    assert list(one) == list(two)
    for video_id, clips in one.items():
        assert torch.equal(clips, two[video_id])


@pytest.fixture(scope='module', params=PIPELINES)
def pipeline(request):
    """The plain transforms, and the fast path."""
    return request.param


@pytest.fixture(scope='module')
def references(video_folder):
    """Three epochs without workers, by pipeline."""
    return {name: epochs(video_folder, name) for name in PIPELINES}


def epochs(folder, pipeline, **options):
    loading = Loading(folder, pipeline, **options)
    return [loading.epoch(epoch) for epoch in range(3)]


@pytest.fixture
def reference(references, pipeline):
    return references[pipeline]


def test_batch_is_what_the_model_takes(video_folder, pipeline):
    loading = Loading(video_folder, pipeline)
    batch = next(iter(loading.loader))
    assert [clips.shape for clips in batch['inputs']] == [
        (2, 3, 4, 16, 16)
    ] * 3
    assert batch['data_samples'][0].clip_start.shape == (2,)


def test_epochs_differ_in_every_video_and_in_order(reference):
    for one, two in [(0, 1), (1, 2), (0, 2)]:
        assert list(reference[one]) != list(reference[two])
        assert set(reference[one]) == set(reference[two]) == set(range(8))
        for video_id, clips in reference[one].items():
            assert not torch.equal(clips, reference[two][video_id])


def test_another_seed_gives_other_pixels(video_folder, reference, pipeline):
    other = Loading(video_folder, pipeline, seed=SEED + 1).epoch(0)
    for video_id, clips in reference[0].items():
        assert not torch.equal(clips, other[video_id])


@pytest.mark.parametrize(
    ('num_workers', 'options'),
    [
        (1, {}),
        (2, dict(persistent_workers=False)),
        (3, dict(prefetch_factor=4)),
    ],
)
@pytest.mark.filterwarnings('ignore:This DataLoader will create')
def test_workers_change_nothing(
    video_folder, reference, pipeline, num_workers, options
):
    loading = Loading(video_folder, pipeline, num_workers, **options)
    for epoch in range(2):
        check_same(loading.epoch(epoch), reference[epoch])


@pytest.mark.slow
@pytest.mark.parametrize(
    ('context', 'pipeline'),
    [('spawn', 'plain'), ('forkserver', 'fast')],
    indirect=['pipeline'],
)
def test_start_method_changes_nothing(
    video_folder, references, context, pipeline
):
    loading = Loading(
        video_folder, pipeline, 2, multiprocessing_context=context
    )
    for epoch in range(2):
        check_same(loading.epoch(epoch), references[pipeline][epoch])


def test_a_resumed_run_sees_what_the_uninterrupted_one_does(
    video_folder, reference, pipeline
):
    resumed = Loading(video_folder, pipeline, num_workers=2)
    check_same(resumed.epoch(2), reference[2])


def test_bad_videos_are_counted_across_workers(tmp_path, video_folder):
    good = (video_folder / 'list.txt').read_text().splitlines()
    bad = [f'missing {index}.mp4 0' for index in range(3)]
    (tmp_path / 'list.txt').write_text('\n'.join(good + bad))

    def load(max_bad_share):
        dataset = VideoListDataset(
            str(tmp_path / 'list.txt'),
            PIPELINE,
            data_prefix=dict(video=str(video_folder)),
            max_bad_share=max_bad_share,
        )
        loader = DataLoader(
            dataset, batch_size=1, num_workers=2, collate_fn=pseudo_collate
        )
        for _ in range(2):
            ids = [batch['data_samples'][0].video_id for batch in list(loader)]
            assert len(ids) == 11
            assert max(ids) < 8
        return dataset.num_bad_videos

    assert load(max_bad_share=0.3) == 3
    # each worker meets one or two: only together are they too many
    with pytest.raises(
        RuntimeError, match=r'3 of 11 videos .* cannot be read'
    ):
        load(max_bad_share=0.2)


def test_an_error_when_testing_crosses_the_worker_with_its_path(
    tmp_path, video_folder
):
    (tmp_path / 'list.txt').write_text('missing one.mp4 0\n')
    dataset = VideoListDataset(
        str(tmp_path / 'list.txt'), PIPELINE, test_mode=True
    )
    loader = DataLoader(dataset, num_workers=1, collate_fn=pseudo_collate)
    with pytest.raises(RuntimeError, match=r'missing one\.mp4: the file does'):
        list(loader)
