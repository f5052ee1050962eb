"""The slow second encoder of MoCo (Eq. 2) and BYOL (Eq. 1)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import deepcopy

import torch
from mmengine.logging import MessageHub
from torch import Tensor, nn

from .clip_times import embed
from .momentum_update import momentum_update

SCHEDULES = ('cosine', 'constant')


class MomentumEncoder(nn.Module):
    """Copies of backbone and neck that follow the online ones slowly.

    A plain ``nn.Module``, so that mmengine's ``init_weights`` passes it by:
    the copies start from the online weights at the first ``follow``, however
    those came about. They are saved and resumed with the model, and ask for
    no gradient, so that no optimizer moves them and DDP does not wait for
    them. Statistics of BatchNorm are their own, of the keys they have seen.

    Args:
        backbone: The online backbone.
        neck: The online neck.
        momentum: Share of the old weights that is kept, in [0, 1], at the
            start of training. rho-MoCo 0.994, rho-BYOL 0.996.
        schedule: 'cosine' raises the momentum to 1 at the end of training,
            'constant' leaves it. See ``current_momentum``.

    Raises:
        ValueError: For a momentum out of range or an unknown schedule.
    """

    def __init__(
        self,
        backbone: nn.Module,
        neck: nn.Module,
        momentum: float,
        schedule: str = 'cosine',
    ) -> None:
        super().__init__()
        if not 0 <= momentum <= 1:
            raise ValueError(
                f'momentum must be in [0, 1], got {momentum}; it is the share '
                'that the momentum encoder keeps, near 1'
            )
        if schedule not in SCHEDULES:
            raise ValueError(
                f'momentum_schedule must be one of {SCHEDULES}, '
                f'got {schedule!r}'
            )
        self.backbone = deepcopy(backbone).requires_grad_(False)
        self.neck = deepcopy(neck).requires_grad_(False)
        self.momentum = momentum
        self.schedule = schedule
        # Fingerprint of the online weights last followed; 0 before the first.
        self.register_buffer('followed', torch.tensor(0))
        self.followed: Tensor

    def current_momentum(self) -> float:
        """Return the momentum at this point of the training.

        ``1 - (1 - m0) (1 + cos(pi * progress)) / 2`` (BYOL, Section 3.3) with
        the iteration's share of the run, which mmengine's ``MessageHub``
        knows; outside a Runner it is 0.
        """
        if self.schedule == 'constant':
            return self.momentum
        hub = MessageHub.get_current_instance()
        progress = hub.get_info('iter', 0) / hub.get_info('max_iters', 1)
        distance = (1 + math.cos(math.pi * min(progress, 1))) / 2
        return 1 - (1 - self.momentum) * distance

    @torch.no_grad()
    def follow(self, backbone: nn.Module, neck: nn.Module) -> None:
        """Move towards the online networks if an optimizer has moved them.

        To be called first in every forward that trains. In the forward, as
        DDP calls nothing else of a model, and a hook can be forgotten in a
        config. There may be several forwards between two steps (accumulated
        gradients), and mixed precision leaves out the steps whose gradient
        overflowed: then the online weights are what they were, and the copies
        stay. So it is in a resumed run, too, which follows the last step
        before the checkpoint exactly if that had not been followed yet.

        Args:
            backbone: The online backbone.
            neck: The online neck.
        """
        online = [*backbone.parameters(), *neck.parameters()]
        weights = fingerprint(online)
        if torch.equal(weights, self.followed):
            return
        if not self.followed:
            self.backbone.load_state_dict(backbone.state_dict())
            self.neck.load_state_dict(neck.state_dict())
        elif self.training:
            copies = [*self.backbone.parameters(), *self.neck.parameters()]
            momentum_update(copies, online, self.current_momentum())
        else:
            return
        self.followed.copy_(weights)

    @torch.no_grad()
    def forward(
        self,
        clips: Tensor,
        times: Tensor | None = None,
        batches: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Encode clips, without gradient.

        Args:
            clips: (N, C, T, H, W).
            times: (N, in) what ``read_times`` gave for these clips.
            batches: As for ``embed``.

        Returns:
            (N, d) embeddings, not normalised.
        """
        return embed(self.backbone, self.neck, clips, times, batches)[0]


def fingerprint(weights: Iterable[Tensor]) -> Tensor:
    """Sum up the bits of tensors, exactly and in any order.

    The version counters of tensors would not do: fused optimizers, and all
    that write through ``.data``, leave them as they are.

    Args:
        weights: Of any shapes and floating types, on one device.

    Returns:
        Scalar int64, modulo 2**64.
    """
    bits = {2: torch.int16, 4: torch.int32, 8: torch.int64}
    sums = [w.detach().view(bits[w.element_size()]).sum() for w in weights]
    return torch.stack(sums).sum()
