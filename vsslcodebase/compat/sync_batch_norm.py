"""Synchronised batch normalisation that also runs on CPU, through gloo.

torch's SyncBatchNorm accepts GPU tensors only. With a plain BatchNorm in its
place, two processes on CPU would train another network than one process on
the joined batch, and no test on CPU could compare them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vsslcodebase.utils.dist import gather_with_grad


class GlooSyncBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation over the joined batch of all processes.

    Parameters, buffers and state dict are those of torch's BatchNorm and
    SyncBatchNorm. In evaluation, and in one process, it is BatchNorm.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(
                f'expected (N, C, ...) with 2 or more axes, got {input.dim()}'
            )

    def forward(self, input: Tensor) -> Tensor:
        """Normalise each channel.

        Args:
            input: (N, C, ...); N may differ between processes.

        Returns:
            A tensor of the same shape and dtype. Gradient flows through the
            statistics of all processes.
        """
        if not self.training or not torch.distributed.is_initialized():
            return super().forward(input)
        self._check_input_dim(input)
        mean, variance, count = _joint_statistics(input)
        self._track(mean.detach(), variance.detach(), count)
        shape = (1, -1) + (1,) * (input.dim() - 2)
        scale = (variance + self.eps).rsqrt()
        if self.affine:
            scale = scale * self.weight
        output = (input.float() - mean.view(shape)) * scale.view(shape)
        if self.affine:
            output = output + self.bias.view(shape)
        return output.to(input.dtype)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Move the running statistics; the variance is kept unbiased."""
        batches = self.num_batches_tracked
        if (
            self.running_mean is None
            or self.running_var is None
            or batches is None
        ):
            return
        batches.add_(1)
        share = self.momentum
        if share is None:  # the average over all batches so far
            share = 1.0 / float(batches)
        self.running_mean.lerp_(mean, share)
        unbiased = variance * count / (count - 1).clamp(min=1)
        self.running_var.lerp_(unbiased, share)


def convert_sync_batch_norm(module: nn.Module) -> nn.Module:
    """Replace every SyncBatchNorm of torch inside a model.

    Args:
        module: changed in place; parameters and buffers are kept as objects,
            so an optimizer built before stays valid.

    Returns:
        The model.
    """
    if isinstance(module, nn.SyncBatchNorm):
        twin = GlooSyncBatchNorm(
            module.num_features,
            module.eps,
            module.momentum,
            module.affine,
            module.track_running_stats,
        )
        twin._parameters = module._parameters
        twin._buffers = module._buffers
        twin.train(module.training)
        return twin
    for name, child in module.named_children():
        setattr(module, name, convert_sync_batch_norm(child))
    return module


def _joint_statistics(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean (C,), biased variance (C,) and element count over all ranks.

    Each process contributes its own mean and variance, merged by the
    parallel-variance rule; sums of squares would cancel in float32.
    """
    rows = x.float().transpose(0, 1).flatten(1)  # (C, n)
    count = rows.new_tensor([rows.shape[1]])
    local = torch.cat([rows.mean(1), rows.var(1, unbiased=False), count])
    ranks = gather_with_grad(local[None])  # (W, 2 C + 1)
    means, variances = ranks[:, :-1].chunk(2, dim=1)  # (W, C) each
    counts = ranks[:, -1:].detach()
    total = counts.sum()
    mean = (counts * means).sum(0) / total
    spread = variances + (means - mean) ** 2
    return mean, (counts * spread).sum(0) / total, total
