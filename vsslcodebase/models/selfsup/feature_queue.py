"""The queue of negatives of MoCo (He et al. 2020, Section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vsslcodebase.utils.dist import gather_with_grad
from vsslcodebase.utils.precision import unit_length


class FeatureQueue(nn.Module):
    """The last K keys of all processes, first in, first out.

    Every process holds the same queue. It starts empty and is used from the
    second step on: rows that no key has filled are never given out. All of
    it is saved and resumed with the model.

    Args:
        size: K, at least 1; no batch has to divide it. MoCo 65536.
        width: Length d of a key.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        if size < 1:
            raise ValueError(
                f'a queue holds at least 1 key, got queue_size={size}; '
                'MoCo has 65536'
            )
        self.register_buffer('rows', torch.zeros(size, width))
        self.register_buffer('stamp', torch.zeros(size, dtype=torch.long))
        for name in ('pointer', 'filled', 'step'):
            self.register_buffer(name, torch.tensor(0))
        self.rows: Tensor  # (K, d) float32, of length 1
        self.stamp: Tensor  # (K,) the step at which each row came
        self.pointer: Tensor  # the row that the next key takes
        self.filled: Tensor  # the number of rows that hold a key
        self.step: Tensor  # the number of batches enqueued so far

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Append the keys of all processes, in the order of their ranks.

        To be called after the step's loss: a clip is no negative of itself.

        Args:
            keys: (N, d) of any scale, N the same on every process. Of more
                than K in all, the last K remain.

        Raises:
            ValueError: For another width, or where N differs among the
                processes.
        """
        size, width = self.rows.shape
        if keys.ndim != 2 or keys.shape[1] != width:
            raise ValueError(
                f'the queue holds keys of length {width}, got '
                f"{tuple(keys.shape)}; set in_channels to the neck's "
                'out_channels'
            )
        keys = gather_with_grad(unit_length(keys.detach().float()))
        places = torch.arange(len(keys), device=keys.device) + self.pointer
        kept = slice(max(len(keys) - size, 0), None)
        self.rows[places[kept] % size] = keys[kept]
        self.stamp[places[kept] % size] = self.step
        self.pointer.copy_((self.pointer + len(keys)) % size)
        self.filled.copy_((self.filled + len(keys)).clamp(max=size))
        self.step += 1

    def negatives(self) -> Tensor:
        """Return the (n, d) keys there are, n <= K, newest in any place.

        A copy: a later ``enqueue`` does not disturb the backward pass.
        """
        return self.rows[: int(self.filled)].clone()

    def age(self) -> Tensor:
        """Return how many steps ago the keys came, on average.

        Scalar float32; 1 where all are of the last step, 0 when empty.
        """
        if not self.filled:
            return self.rows.new_zeros(())
        ages = self.step - self.stamp[: int(self.filled)]
        return ages.float().mean()
