"""From the time of a clip to magnitudes (LTN, Yang et al. 2023, Eq. 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .perceptron import make_perceptron


class TimeEncoder(nn.Module):
    """epsilon(t, f) = MLP([MLP(BN(t)), f]); gradients reach f as well.

    The time MLP is, for the rows of LTN's Table 3,

    ====== ==========================================================
    layers of a width Dm
    ====== ==========================================================
    1      Linear(in, Dm): the embedding of the time is Dm long
    2      Linear(in, Dm) - ReLU - Linear(Dm, M)
    3      Linear(in, Dm) - ReLU - Linear(Dm, Dm) - ReLU - Linear(Dm, M)
    ====== ==========================================================

    The other is Linear - ReLU - Linear on the embedding and f. LTN states
    neither where the table's two numbers belong nor the second MLP; this is
    the one reading that fits its table and its published code.

    Args:
        feat_channels: Length D of a feature vector.
        out_channels: Length of epsilon.
        num_times: Numbers that tell the time of a clip.
        embed_channels: M, the length of a time's embedding where
            ``time_layers`` is above 1.
        time_layers: Layers of the time MLP.
        time_channels: Their width Dm.
        hidden_channels: Width of the second MLP, default that of its input.
    """

    def __init__(
        self,
        feat_channels: int,
        out_channels: int,
        num_times: int = 1,
        embed_channels: int = 64,
        time_layers: int = 2,
        time_channels: int = 2048,
        hidden_channels: int | None = None,
    ) -> None:
        super().__init__()
        embedded = time_channels if time_layers == 1 else embed_channels
        width = feat_channels + embedded
        # The times of a batch have any offset and scale.
        self.norm = nn.BatchNorm1d(num_times)
        self.time_mlp = make_perceptron(
            num_times, time_channels, embedded, time_layers
        )
        self.mlp = make_perceptron(
            width,
            width if hidden_channels is None else hidden_channels,
            out_channels,
            2,
        )

    def forward(self, feats: Tensor, times: Tensor) -> Tensor:
        """Encode times for the features they belong to.

        Args:
            feats: (N, D) of N clips.
            times: (N, num_times) in seconds. Equal ones are allowed: they
                become 0.

        Returns:
            (N, out_channels).

        Raises:
            ValueError: A single clip in training, whose time has no spread.
        """
        if self.training and len(times) < 2:
            raise ValueError(
                'the time encoder normalises times over the batch and cannot '
                f'do so with {len(times)} clip in train mode; set a larger '
                'train_dataloader.batch_size or more clips per video'
            )
        embedded = self.time_mlp(self.norm(times.to(self.norm.weight.dtype)))
        return self.mlp(torch.cat([embedded, feats], dim=1))
