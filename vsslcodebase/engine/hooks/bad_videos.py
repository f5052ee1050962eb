"""A list of the videos that could not be read, for those who own them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine import dist
from mmengine.hooks import Hook

from vsslcodebase.datasets.annotation import write_whole
from vsslcodebase.registry import HOOKS

from .seeds import nested_datasets

FILENAME = 'bad_videos.txt'


@HOOKS.register_module()
class BadVideosHook(Hook):
    """After each epoch, write down which videos were unreadable, and why.

    Workers note what they meet in a file of their rank, beside the log. What
    all ranks have noted is counted in the log and listed, a path, a tab and
    the reason a line, in ``bad_videos.txt`` in the work directory. A run that
    is resumed starts a new list.
    """

    def __init__(self) -> None:
        """Nothing is noted before the training starts."""
        self._notes: Path | None = None
        self._num_videos = 0

    def before_train(self, runner: Any) -> None:
        """Tell the datasets where to note; the workers start after this."""
        self._notes = Path(runner.log_dir, f'bad_videos_{runner.rank}.txt')
        self._num_videos = 0
        for dataset in nested_datasets(runner.train_dataloader.dataset):
            if hasattr(dataset, 'note_bad_videos_in'):
                dataset.note_bad_videos_in(str(self._notes))
                self._num_videos += len(dataset) // dataset.num_repeats

    def after_train_epoch(self, runner: Any) -> None:
        """Join the notes of all ranks."""
        notes = self._notes
        text = ''
        if notes and notes.exists():
            text = notes.read_text('utf-8', errors='surrogateescape')
        texts = dist.all_gather_object(text)
        # Ranks may have met the same video.
        lines = sorted({line for t in texts for line in t.splitlines()})
        if runner.rank != 0:
            return
        path = Path(runner.work_dir, FILENAME)
        if not lines:
            path.unlink(missing_ok=True)  # of a run before
            return
        write_whole(path, ''.join(f'{line}\n' for line in lines))
        num_bad = len({line.partition('\t')[0] for line in lines})
        runner.logger.warning(
            f'unreadable videos so far: {num_bad} of {self._num_videos}, '
            f'replaced by others; see {path}'
        )
