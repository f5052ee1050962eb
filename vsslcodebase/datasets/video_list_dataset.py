"""Videos from a list file."""

from __future__ import annotations

import logging
import os.path as osp
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from vsslcodebase.registry import DATASETS

from .annotation import read_list
from .readers import BadVideoError
from .sample_state import SharedState, seeded
from .transforms.per_clip import build_transforms


@DATASETS.register_module()
class VideoListDataset(BaseDataset):
    """Videos named in a text file, one ``path label`` a line.

    Paths may hold spaces; the label is a class number, or -1 for none. The
    pipeline gets ``filename``, ``label`` and ``video_id`` (the number of the
    entry in the list, from 0).

    **Randomness belongs to the sample.** All draws of a sample come from
    (seed, epoch, index): they do not depend on the number of workers or
    ranks, on what was drawn before, or on a restart in between. The
    generators of the process are left as they were. ``EpochSeedHook`` calls
    :meth:`set_seed`, and :meth:`set_epoch` before each epoch; training by
    iterations (``InfiniteSampler``) has no epochs and would show the same
    clips again. So would mmengine's ``RepeatDataset``: to go through a list
    several times in an epoch, set ``num_repeats``.

    **Unreadable videos** are replaced, in training, by others drawn at
    random; each is logged once, and more than ``max_bad_share`` of them, as
    counted by the workers of one process, is an error. When testing, the
    first one is an error.

    Args:
        ann_file: The list.
        pipeline: Transforms, or their configs.
        data_prefix: ``video``: folder that relative paths start from.
        test_mode: Test: the same draws in all epochs, no replacements.
        max_bad_share: Tolerated share of unreadable videos, in [0, 1].
        delimiter: What separates path and label.
        num_videos: Use the first so many videos only.
        num_repeats: Go through the list so many times in an epoch.
        max_refetch: Replacements that are tried for one sample.
        allow_outside: Let paths of the list leave ``data_prefix``, by ``..``
            or from the root. Without a prefix they may lie anywhere.
        **kwargs: Further arguments of mmengine's ``BaseDataset``.

    Raises:
        FileNotFoundError: There is no such list.
        ValueError: The list is empty, a line of it is wrong, or a path leaves
            ``data_prefix``.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: Sequence[dict | Callable],
        data_prefix: dict | None = None,
        test_mode: bool = False,
        max_bad_share: float = 0.01,
        delimiter: str = ' ',
        num_videos: int | None = None,
        num_repeats: int = 1,
        max_refetch: int = 10,
        allow_outside: bool = False,
        **kwargs: object,
    ) -> None:
        if not 0 <= max_bad_share <= 1:
            raise ValueError(
                f'max_bad_share must be in [0, 1], got {max_bad_share}'
            )
        for name, value in (
            ('num_videos', num_videos),
            ('num_repeats', num_repeats),
        ):
            if value is not None and value < 1:
                raise ValueError(f'{name} must be >= 1, got {value}')
        self.max_bad_share = max_bad_share
        self.delimiter = delimiter
        self.num_videos = num_videos
        self.num_repeats = num_repeats
        self.allow_outside = allow_outside
        self._state = SharedState(0)
        self._notes: str | None = None
        super().__init__(
            ann_file=ann_file,
            pipeline=build_transforms(pipeline),
            data_prefix=data_prefix or dict(video=''),
            test_mode=test_mode,
            max_refetch=max_refetch,
            **kwargs,
        )

    def set_seed(self, seed: int) -> None:
        """Set the seed (>= 0) of all draws, in running workers, too."""
        self._state.seed = seed

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch (>= 0), in running workers, too."""
        self._state.epoch = epoch

    @property
    def num_bad_videos(self) -> int:
        """Number of videos found unreadable so far, by any worker."""
        return self._state.num_bad

    def note_bad_videos_in(self, path: str) -> None:
        """Append each unreadable video to a file: its path, a tab, why.

        Workers that run already do not hear of it.
        """
        self._notes = path

    def load_data_list(self) -> list[dict]:
        """Read the list file.

        Returns:
            Per entry ``filename``, ``label``, ``video_id``.
        """
        folder = self.data_prefix.get('video', '')
        videos = [
            dict(filename=osp.join(folder, path), label=label, video_id=index)
            for index, (path, label) in enumerate(
                read_list(
                    self.ann_file,
                    self.delimiter,
                    None if self.allow_outside else folder,
                )
            )
        ]
        self._state = self._state.for_videos(len(videos))
        return videos[: self.num_videos] * self.num_repeats

    def get_data_info(self, idx: int) -> dict:
        """Return the entry ``idx`` with what MMAction2's transforms expect."""
        info = super().get_data_info(idx)
        info.update(modality='RGB', start_index=0)
        return info

    def __getitem__(self, idx: int) -> dict:
        """Return the packed sample ``idx``, or a replacement (training)."""
        if not self._fully_initialized:
            self.full_init()
        idx = range(len(self))[idx]  # like a list: negative, IndexError
        state = self._state
        if self.test_mode:
            with seeded(state.seed, 0, idx):
                return self._prepare_held_out(idx)
        # Each attempt has its own draws: which replacement is taken does not
        # depend on how far the attempt before it came.
        for attempt in range(self.max_refetch + 1):
            with seeded(state.seed, state.epoch, idx, attempt):
                chosen = np.random.randint(len(self)) if attempt else idx
                try:
                    return self.prepare_data(chosen)
                except BadVideoError as error:
                    self._note_bad_video(chosen, error)
        raise RuntimeError(
            f'{self.max_refetch + 1} videos in a row cannot be read, the last '
            f'is {self.get_data_info(chosen)["filename"]!r}; check ann_file '
            'and data_prefix'
        )

    def _prepare_held_out(self, idx: int) -> dict:
        """Run the pipeline on entry ``idx``, and say what to do if it fails.

        Without the video, figures would in silence be of other videos.
        """
        try:
            return self.prepare_data(idx)
        except BadVideoError as error:
            raise BadVideoError(
                error.path,
                f'{error.reason} (a video to be evaluated, for which no other '
                f'stands in: repair it, or take it out of {self.ann_file}; '
                'tools/data/doctor.py finds all that are damaged)',
            ) from error

    def prepare_data(self, idx: int) -> dict:
        """Run the pipeline on entry ``idx``.

        Raises:
            BadVideoError: The video cannot be read.
        """
        info = self.get_data_info(idx)
        if not self.test_mode and self._state.is_bad(info['video_id']):
            raise BadVideoError(info['filename'], 'found unreadable before')
        try:
            results = self.pipeline(info)
        finally:
            # A transform before the decoding may have failed.
            if 'video_reader' in info:
                info.pop('video_reader').close()
        if results is None:
            raise BadVideoError(info['filename'], 'the pipeline gave None')
        return results

    def _note_bad_video(self, idx: int, error: BadVideoError) -> None:
        """Count a bad video; log it the first time; fail on too many."""
        video_id = self.get_data_info(idx)['video_id']
        if self._state.is_bad(video_id):
            return
        self._state.mark_bad(video_id)
        if self._notes is not None:
            reason = ' '.join(error.reason.split())
            # One short write at the end: workers do not disturb each other.
            with open(
                self._notes, 'a', encoding='utf-8', errors='surrogateescape'
            ) as file:
                file.write(f'{error.path}\t{reason}\n')
        # As an error, since ranks other than 0 print nothing below that.
        print_log(
            f'Unreadable video replaced by another one: {error}',
            logger='current',
            level=logging.ERROR,
        )
        num_bad, num_videos = (
            self.num_bad_videos,
            len(self) // self.num_repeats,
        )
        if num_bad > self.max_bad_share * num_videos:
            raise RuntimeError(
                f'{num_bad} of {num_videos} videos of {self.ann_file!r} '
                'cannot be read, more than the '
                f'max_bad_share={self.max_bad_share} allowed; the last one is '
                f'{error}. Check data_prefix, repair or remove the files, or '
                'raise max_bad_share'
            ) from error
