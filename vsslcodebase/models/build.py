"""Build the parts that a module of ours is made of."""

from __future__ import annotations

from typing import Any

from torch import nn

from vsslcodebase.registry import MODELS


def build_part(cfg: dict[str, Any] | nn.Module, **defaults: Any) -> Any:
    """Build a nested config in our scope, whoever builds its owner.

    A head of ours may stand in an MMAction2 config, whose default scope does
    not know our names: ``relation=dict(type='DecouplingAttention')`` inside
    it is to work there too. MMAction2's names are found from our scope.

    Args:
        cfg: Config with a ``type``; a module is returned as it is.
        defaults: Arguments set where ``cfg`` does not give them.
    """
    if isinstance(cfg, nn.Module):
        return cfg
    return MODELS.build({'_scope_': 'vsslcodebase', **defaults, **cfg})
