"""Lists, seeding per sample, and what happens to bad videos."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest

from vsslcodebase.datasets import VideoListDataset, video_list_dataset
from vsslcodebase.datasets.readers import BadVideoError
from vsslcodebase.registry import DATASETS


def draw(results):
    """A pipeline that draws from both generators."""
    return dict(results, draws=(np.random.rand(3).tolist(), random.random()))


def write_list(folder, text, name='list.txt'):
    path = folder / name
    path.write_text(text, encoding='utf-8')
    return str(path)


@pytest.fixture
def twelve(tmp_path):
    """A list of twelve videos that are never opened."""
    return write_list(
        tmp_path, ''.join(f'v{index}.mp4 {index % 4}\n' for index in range(12))
    )


class TestList:
    def test_paths_with_spaces_and_missing_labels(self, tmp_path):
        text = 'a b/c d.mp4 3\n\nplain.mp4 -1\n  ünï.webm 0  \n'
        dataset = VideoListDataset(
            write_list(tmp_path, text), [], data_prefix=dict(video='/videos')
        )
        infos = [dataset.get_data_info(index) for index in range(len(dataset))]
        assert [info['filename'] for info in infos] == [
            '/videos/a b/c d.mp4',
            '/videos/plain.mp4',
            '/videos/ünï.webm',
        ]
        assert [info['label'] for info in infos] == [3, -1, 0]
        assert [info['video_id'] for info in infos] == [0, 1, 2]

    @pytest.mark.parametrize(
        'options',
        [dict(), dict(data_prefix=dict(video='x'), allow_outside=True)],
    )
    def test_absolute_paths_and_another_delimiter(self, tmp_path, options):
        ann_file = write_list(tmp_path, '/abs/a,b.mp4,7\n')
        dataset = VideoListDataset(ann_file, [], delimiter=',', **options)
        info = dataset.get_data_info(0)
        assert (info['filename'], info['label']) == ('/abs/a,b.mp4', 7)

    @pytest.mark.parametrize('path', ['/abs/a.mp4', '../a.mp4', 'b/../../a'])
    def test_a_list_does_not_leave_the_folder_unasked(self, tmp_path, path):
        ann_file = write_list(tmp_path, f'b.mp4 0\n{path} 1\n')
        options = dict(data_root='some', data_prefix=dict(video='folder'))
        with pytest.raises(ValueError, match=rf'line 2: .{path}. lies out'):
            VideoListDataset(str(ann_file), [], **options)
        VideoListDataset(str(ann_file), [], **options, allow_outside=True)

    @pytest.mark.parametrize(
        ('line', 'message'),
        [
            ('video.mp4', r"line 2: expected a path, ' ' and a class number"),
            ('video.mp4 dog', r"line 2: expected .* got 'video.mp4 dog'"),
            ('video.mp4 1.5', 'line 2: expected'),
            ('video.mp4 --1', 'line 2: expected'),
            ('5', 'line 2: expected'),
            ('video.mp4 -2', r'line 2: a label .* got -2'),
        ],
    )
    def test_malformed_lines_are_named(self, tmp_path, line, message):
        ann_file = write_list(tmp_path, f'good.mp4 1\n{line}\n')
        with pytest.raises(ValueError, match=f'list.txt.*{message}'):
            VideoListDataset(ann_file, [])

    def test_missing_and_empty_lists_are_named(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r'no list .*gone\.txt'):
            VideoListDataset(str(tmp_path / 'gone.txt'), [])
        empty = write_list(tmp_path, '\n \n')
        with pytest.raises(ValueError, match=r'list\.txt.* names no video'):
            VideoListDataset(empty, [])

    def test_first_videos_and_repeats(self, twelve):
        dataset = VideoListDataset(twelve, [], num_videos=3, num_repeats=2)
        ids = [dataset.get_data_info(i)['video_id'] for i in range(6)]
        assert len(dataset) == 6
        assert ids == [0, 1, 2, 0, 1, 2]
        for name in ('num_videos', 'num_repeats'):
            with pytest.raises(ValueError, match=f'{name} must be >= 1'):
                VideoListDataset(twelve, [], **{name: 0})

    def test_built_from_a_config(self, twelve):
        cfg = dict(type='VideoListDataset', ann_file=twelve, pipeline=[])
        assert len(DATASETS.build(cfg)) == 12


class TestSeeding:
    def test_draws_depend_on_seed_epoch_and_index_only(self, twelve):
        one = VideoListDataset(twelve, [draw])
        two = VideoListDataset(twelve, [draw])
        for dataset in (one, two):
            dataset.set_seed(5)
            dataset.set_epoch(2)
        expected = [one[index]['draws'] for index in range(12)]
        np.random.seed(99)
        random.seed(99)
        assert [two[i]['draws'] for i in reversed(range(12))] == expected[::-1]
        assert len({str(draws) for draws in expected}) == 12

    def test_every_epoch_and_seed_draws_anew(self, twelve):
        dataset = VideoListDataset(twelve, [draw])
        draws = set()
        for seed in range(3):
            for epoch in range(4):
                dataset.set_seed(seed)
                dataset.set_epoch(epoch)
                draws.add(str(dataset[7]['draws']))
        assert len(draws) == 12

    def test_repeats_within_an_epoch_draw_anew(self, twelve):
        dataset = VideoListDataset(twelve, [draw], num_repeats=3)
        draws = {str(dataset[index]['draws']) for index in (1, 13, 25)}
        assert len(draws) == 3

    def test_generators_of_the_process_are_left_alone(self, twelve):
        dataset = VideoListDataset(twelve, [draw])
        np.random.seed(3)
        random.seed(3)
        expected = np.random.rand(), random.random()
        np.random.seed(3)
        random.seed(3)
        dataset[0]
        assert (np.random.rand(), random.random()) == expected

    def test_testing_ignores_the_epoch(self, twelve):
        dataset = VideoListDataset(twelve, [draw], test_mode=True)
        first = dataset[4]['draws']
        dataset.set_epoch(7)
        assert dataset[4]['draws'] == first
        dataset.set_seed(1)
        assert dataset[4]['draws'] != first

    def test_index_behaves_like_a_lists(self, twelve):
        dataset = VideoListDataset(twelve, [draw])
        assert dataset[-1]['video_id'] == 11
        with pytest.raises(IndexError):
            dataset[12]
        assert [sample['video_id'] for sample in dataset] == list(range(12))

    def test_copies_keep_the_seed_and_are_independent(self, twelve):
        dataset = VideoListDataset(twelve, [draw])
        dataset.set_seed(8)
        copied = copy.deepcopy(dataset)
        subset = dataset.get_subset([3, 4])
        assert copied[3]['draws'] == dataset[3]['draws']
        assert len(subset) == 2
        copied.set_seed(9)
        assert copied[3]['draws'] != dataset[3]['draws']

    def test_negative_numbers_are_refused(self, twelve):
        dataset = VideoListDataset(twelve, [])
        with pytest.raises(ValueError, match='seed must be >= 0, got -1'):
            dataset.set_seed(-1)
        with pytest.raises(ValueError, match='epoch must be >= 0, got -2'):
            dataset.set_epoch(-2)


def refuse(*names):
    """Return a transform for which the named videos are unreadable."""

    def transform(results):
        np.random.rand()  # how far an attempt came must not matter
        if results['filename'] in names:
            raise BadVideoError(results['filename'], 'refused')
        return draw(results)

    return transform


class TestBadVideos:
    def test_replaced_logged_once_and_counted(self, twelve, monkeypatch):
        messages = []
        monkeypatch.setattr(
            video_list_dataset,
            'print_log',
            lambda message, **kwargs: messages.append(message),
        )
        dataset = VideoListDataset(
            twelve, [refuse('v3.mp4', 'v5.mp4')], max_bad_share=0.2
        )
        for epoch in range(3):
            dataset.set_epoch(epoch)
            ids = [dataset[index]['video_id'] for index in range(12)]
            assert not {3, 5} & set(ids)
            assert ids[:3] == [0, 1, 2]
        assert sum('v3.mp4: refused' in text for text in messages) == 1
        assert sum('v5.mp4: refused' in text for text in messages) == 1
        assert dataset.num_bad_videos == 2

    def test_replacement_does_not_depend_on_history(self, twelve):
        pipeline = [refuse('v3.mp4', 'v5.mp4', 'v6.mp4')]
        one, two = (
            VideoListDataset(twelve, pipeline, max_bad_share=1)
            for _ in range(2)
        )
        for index in range(12):  # marks all bad ones
            two[index]
        for epoch in range(5):
            one.set_epoch(epoch)
            two.set_epoch(epoch)
            assert one[3]['video_id'] == two[3]['video_id']
            assert one[3]['draws'] == two[3]['draws']

    def test_replacements_vary(self, twelve):
        dataset = VideoListDataset(twelve, [refuse('v3.mp4')], max_bad_share=1)
        ids = set()
        for epoch in range(40):
            dataset.set_epoch(epoch)
            ids.add(dataset[3]['video_id'])
        assert len(ids) > 6

    def test_too_many_are_an_error_that_says_what_to_do(self, twelve):
        dataset = VideoListDataset(
            twelve, [refuse('v1.mp4', 'v2.mp4')], max_bad_share=0.1
        )
        dataset[1]
        message = (
            r'2 of 12 .*list\.txt.* max_bad_share=0\.1 .*v2\.mp4: refused'
        )
        with pytest.raises(RuntimeError, match=message):
            dataset[2]

    def test_share_is_that_of_the_list_and_not_of_its_repeats(self, twelve):
        dataset = VideoListDataset(
            twelve, [refuse('v1.mp4')], max_bad_share=0.05, num_repeats=10
        )
        with pytest.raises(RuntimeError, match='1 of 12'):
            dataset[1]

    def test_all_unreadable_ends_after_a_few_attempts(self, twelve):
        """A wrong folder is found at once, whatever share is allowed."""
        dataset = VideoListDataset(
            twelve,
            [dict(type='OpenVideo')],
            data_prefix=dict(video='nowhere'),
            max_bad_share=1,
            max_refetch=4,
        )
        with pytest.raises(RuntimeError, match=r'5 videos in a row .*nowhere'):
            dataset[0]

    def test_testing_stops_at_the_first(self, twelve):
        dataset = VideoListDataset(twelve, [refuse('v1.mp4')], test_mode=True)
        assert dataset[0]['video_id'] == 0
        for _ in range(2):
            with pytest.raises(BadVideoError, match=r'v1\.mp4: refused') as e:
                dataset[1]
            assert f'take it out of {twelve}' in str(e.value)
        assert dataset.num_bad_videos == 0

    def test_none_from_the_pipeline_counts_as_bad(self, twelve):
        dataset = VideoListDataset(
            twelve, [lambda results: None], test_mode=True
        )
        with pytest.raises(BadVideoError, match='the pipeline gave None'):
            dataset[0]

    def test_errors_in_the_code_are_not_taken_for_bad_videos(self, twelve):
        def broken(results):
            raise KeyError('frames')

        dataset = VideoListDataset(twelve, [broken], max_bad_share=1)
        with pytest.raises(KeyError, match='frames'):
            dataset[0]
        assert dataset.num_bad_videos == 0

    def test_reader_is_closed_when_a_transform_fails(self, video_folder):
        readers, closed = [], []

        def failing_sampler(results):
            readers.append(results['video_reader'])  # kept from the collector
            results['video_reader'].close = lambda: closed.append(True)
            raise ValueError('cannot sample')

        dataset = VideoListDataset(
            str(video_folder / 'list.txt'),
            [dict(type='OpenVideo'), failing_sampler],
            data_prefix=dict(video=str(video_folder)),
        )
        with pytest.raises(ValueError, match='cannot sample'):
            dataset[0]
        assert closed == [True]

    def test_share_out_of_range_is_refused(self, twelve):
        with pytest.raises(ValueError, match=r'max_bad_share .* got 5'):
            VideoListDataset(twelve, [], max_bad_share=5)
