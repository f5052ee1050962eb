"""Backbones that load all of a checkpoint or fail, and that can be frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from mmengine.logging import MMLogger
from mmengine.model import BaseModule
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor, nn


class PretrainedBackbone(BaseModule):
    """Base of our backbones; stands before another network in the bases.

    MMAction2's backbones ignore ``init_cfg=dict(type='Pretrained')`` and
    load ``pretrained`` files without complaint when no key matches. With
    this base a backbone is either loaded entirely or an error.

    Args:
        frozen: Train nothing: no parameter asks for a gradient, so that no
            graph is recorded, and the network stays in eval mode, running
            statistics included (CORP, Section 4.1).
        memory_format: Name of a torch memory format for the weights, which
            the convolutions then follow; for example 'channels_last_3d'.
        init_cfg: ``dict(type='Pretrained', checkpoint=PATH,
            prefix='backbone.')`` loads PATH in ``init_weights``; see
            ``load_backbone``. Anything else goes to the network.
        args: Arguments of the network.
        kwargs: Arguments of the network.
    """

    def __init__(
        self,
        *args: Any,
        frozen: bool = False,
        memory_format: str | None = None,
        init_cfg: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        pretrained = None
        if init_cfg is not None and init_cfg['type'] == 'Pretrained':
            pretrained = {k: v for k, v in init_cfg.items() if k != 'type'}
            init_cfg = None
        super().__init__(*args, init_cfg=init_cfg, **kwargs)
        self.pretrained_cfg = pretrained
        self.frozen = frozen
        self.memory_format = memory_format
        self.settle()

    def settle(self) -> None:
        """Apply ``frozen`` and ``memory_format`` to the layers there are.

        A network that adds layers after this ``__init__`` calls it again
        when they are complete.
        """
        if self.memory_format is not None:
            self.to(memory_format=getattr(torch, self.memory_format))
        if self.frozen:
            self.requires_grad_(False)
            self.eval()

    def init_weights(self) -> None:
        """Load the checkpoint if there is one, else initialise at random."""
        if self.pretrained_cfg is not None:
            load_backbone(self, **self.pretrained_cfg)
            self.is_init = True
            return
        super().init_weights()
        if self.frozen:
            MMLogger.get_current_instance().warning(
                '%s is frozen with random weights; for pre-trained ones set '
                "init_cfg=dict(type='Pretrained', checkpoint=PATH, "
                "prefix='backbone.')",
                type(self).__name__,
            )

    def train(self, mode: bool = True) -> nn.Module:
        """Set the mode; a frozen backbone stays in eval mode."""
        super().train(mode and not self.frozen)
        return self


def load_backbone(
    backbone: nn.Module, checkpoint: str | None, prefix: str | None = None
) -> int:
    """Load every tensor of ``backbone`` from a file, or raise.

    Args:
        backbone: The network to fill.
        checkpoint: File or URL of a state dict, bare or in 'state_dict'.
        prefix: Start of the backbone's keys in the file, 'backbone.' in a
            checkpoint of a whole model. A file in which no key starts so, or
            which has all of the backbone's own, holds the backbone alone:
            within ``MotionResNet3d``, too, keys start with 'backbone.'.

    Returns:
        The number of tensors loaded.

    Raises:
        ValueError: No checkpoint given; or a key is missing, unexpected, or
            of another shape. The message lists them.
    """
    if not checkpoint:
        raise ValueError(
            'no checkpoint to initialise the backbone from; add --cfg-options '
            'model.backbone.init_cfg.checkpoint=PATH, or set '
            'model.backbone.init_cfg=None for random weights'
        )
    state = read_state_dict(checkpoint)
    prefix = prefix.rstrip('.') + '.' if prefix else ''
    inside = {
        key[len(prefix) :]: value
        for key, value in state.items()
        if key.startswith(prefix)
    }
    if all(key in state or _is_counter(key) for key in backbone.state_dict()):
        inside = state
    return load_strictly(
        backbone,
        inside or state,
        f'{checkpoint} (prefix {prefix!r})',
        prefixes_of(state),
    )


def read_state_dict(checkpoint: str) -> dict[str, Tensor]:
    """Read a state dict, bare or under 'state_dict', from file or URL."""
    content = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    if not isinstance(content, Mapping):
        raise ValueError(
            f'{checkpoint} holds a {type(content).__name__}, '
            'expected a state dict'
        )
    state = content.get('state_dict', content)
    if not isinstance(state, Mapping):
        raise ValueError(
            f'{checkpoint} holds a {type(state).__name__} as its state_dict, '
            'expected a dict of tensors'
        )
    return {
        key: value
        for key, value in state.items()
        if isinstance(key, str) and isinstance(value, Tensor)
    }


def load_strictly(
    module: nn.Module,
    found: Mapping[str, Tensor],
    source: str,
    prefixes: str = '',
) -> int:
    """Copy ``found`` into ``module`` if they agree in keys and shapes.

    ``num_batches_tracked`` may be absent: it is only a counter, and files
    converted from elsewhere often lack it.

    Args:
        module: The network to fill; untouched when there is an error.
        found: Key to tensor.
        source: What to call the file in log and error.
        prefixes: What to say about the keys of the whole file.

    Returns:
        The number of tensors loaded.

    Raises:
        ValueError: They disagree; the message lists the keys.
    """
    wanted = module.state_dict()
    matched = [
        k for k in wanted if k in found and found[k].shape == wanted[k].shape
    ]
    missing = [k for k in wanted if k not in found and not _is_counter(k)]
    unexpected = [k for k in found if k not in wanted]
    reshaped = [
        f'{k} {tuple(found[k].shape)} for {tuple(wanted[k].shape)}'
        for k in wanted
        if k in found and found[k].shape != wanted[k].shape
    ]
    name = type(module).__name__
    if missing or unexpected or reshaped:
        lines = [
            f'{source} does not fit {name}:',
            f'matched {len(matched)} of {len(wanted)} tensors',
            f'missing in the file {_shortened(missing)}',
            f'unexpected in the file {_shortened(unexpected)}',
            f'other shape in the file {_shortened(reshaped)}',
            prefixes,
            'Choose the backbone the file was made with, or the prefix of '
            'its keys (init_cfg.prefix).',
        ]
        raise ValueError('\n  '.join(line for line in lines if line))
    module.load_state_dict(dict(found), strict=False)
    MMLogger.get_current_instance().info(
        'loaded %d tensors into %s from %s', len(matched), name, source
    )
    return len(matched)


def prefixes_of(keys: Iterable[str]) -> str:
    """Say which first parts the keys of a file have, and how often."""
    counts = Counter(key.split('.')[0] + '.' for key in keys)
    top = ', '.join(f'{p} ({n})' for p, n in counts.most_common(8))
    return f'keys of the file begin with: {top}'


def _is_counter(key: str) -> bool:
    """Whether a key is of BatchNorm's count of steps."""
    return key.endswith('num_batches_tracked')


def _shortened(keys: list[str], limit: int = 5) -> str:
    """Format a count and the first few keys."""
    rest = f' and {len(keys) - limit} more' if len(keys) > limit else ''
    return f'({len(keys)}): ' + ', '.join(keys[:limit]) + rest
