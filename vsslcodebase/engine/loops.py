"""A training loop that goes on in the middle of an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from mmengine.runner import EpochBasedTrainLoop

from vsslcodebase.registry import LOOPS


class SkippingBatchSampler:
    """A batch sampler that can leave out an epoch's first batches.

    What is skipped here is never asked of the dataset, so nothing is decoded.

    Args:
        batch_sampler: yields lists of indices; all else is asked of it.
    """

    def __init__(self, batch_sampler: Any) -> None:
        """Skip nothing at first."""
        self.batch_sampler = batch_sampler
        self.skip = 0

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of one epoch from number ``skip`` on."""
        return islice(iter(self.batch_sampler), self.skip, None)

    def __len__(self) -> int:
        """Return the batches of a whole epoch, skipped ones included."""
        return len(self.batch_sampler)

    def __getattr__(self, name: str) -> Any:
        """Ask the wrapped batch sampler, except while unpickling."""
        if name == 'batch_sampler':
            raise AttributeError(name)
        return getattr(self.batch_sampler, name)


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """Epoch-based training that resumes exactly, also within an epoch.

    A checkpoint made between two epochs has ``iter == epoch * length``; any
    surplus is the number of batches of the current epoch already trained on.
    These are skipped before decoding. With data and model seeded by position
    (``EpochSeedHook``, ``StepSeedHook``) the rest of the epoch is the one
    that the uninterrupted run would have seen.

    Args and behaviour otherwise as ``EpochBasedTrainLoop``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Build the dataloader, and put the skipping sampler into it."""
        super().__init__(*args, **kwargs)
        loader = self.dataloader
        if not len(loader):  # mmengine would train on nothing, or divide by it
            raise ValueError(
                f'an epoch of {len(loader.sampler)} videos (in this process) '
                f'has no batch of {loader.batch_size}; lower '
                'train_dataloader.batch_size, or set drop_last=False'
            )
        if not isinstance(loader.batch_sampler, SkippingBatchSampler):
            # DataLoader forbids assignment so that nobody assumes workers
            # notice; before the first iterator there are none.
            object.__setattr__(
                loader,
                'batch_sampler',
                SkippingBatchSampler(loader.batch_sampler),
            )

    @property
    def batches_done(self) -> int:
        """Batches of the current epoch that have been trained on."""
        return self._iter - self._epoch * len(self.dataloader)

    def run(self) -> Any:
        """Train; whatever ends it, end the workers, too.

        Left to the garbage collector, they would not hear of it, as it takes
        their queues away first, and be waited for, 5 seconds each.
        """
        try:
            return super().run()
        finally:
            for loop in (self, self.runner.val_loop):
                if loop is not None:
                    loop.dataloader._iterator = None

    def run_epoch(self) -> None:
        """Train on what is left of the current epoch."""
        done = self.batches_done
        if not 0 <= done <= len(self.dataloader):
            raise ValueError(
                f'iteration {self._iter} does not lie in epoch '
                f'{self._epoch + 1} of {len(self.dataloader)} iterations; '
                'was the checkpoint written with another batch size, number '
                'of processes or data set?'
            )
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self.dataloader.batch_sampler.skip = done
        if done:
            self.runner.logger.info(
                f'epoch {self._epoch + 1} goes on after {done} of '
                f'{len(self.dataloader)} batches'
            )
        batches = iter(self.dataloader)
        try:
            for index, batch in enumerate(batches, start=done):
                self.run_iter(index, batch)
        finally:
            del batches  # ends the workers, unless they are persistent
        self.dataloader.batch_sampler.skip = 0
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
