"""The stages of a 3D network, to be run one by one."""

from __future__ import annotations

from typing import NamedTuple

from mmaction.models import ResNet2Plus1d, ResNet3d
from torch import Tensor, nn

from .plain_resnet3d import PlainResNet3d
from .small_r3d import SmallR3D


class Stage(NamedTuple):
    """A part of a backbone; parts run in turn are the backbone.

    Attributes:
        name: Of its first module, as in the backbone's state dict.
        parts: Its modules, each run on the output of the one before.
    """

    name: str
    parts: tuple[nn.Module, ...]

    def __call__(self, x: Tensor) -> Tensor:
        """Run the part."""
        for part in self.parts:
            x = part(x)
        return x

    @property
    def width(self) -> int:
        """Channels of the output: those of the last convolution."""
        convs = [
            module
            for part in self.parts
            for module in part.modules()
            if isinstance(module, nn.Conv3d)
        ]
        return convs[-1].out_channels


def stages_of(backbone: nn.Module) -> list[Stage]:
    """Return the stem and the residual stages of a backbone, in order.

    Pools belong to the stage that they follow. A list is made of references:
    make it anew after a deep copy.

    Args:
        backbone: ``VideoResNet3d`` or another of MMAction2's ``ResNet3d``
            family, ``PlainResNet3d`` or ``SmallR3D``, whose stem is its
            first stage.

    Raises:
        ValueError: A network of another kind, or one that returns several
            maps.
    """
    if isinstance(backbone, SmallR3D):
        return [
            Stage(f'stages.{number}', (stage,))
            for number, stage in enumerate(backbone.stages)
        ]
    if isinstance(backbone, PlainResNet3d):
        return [
            Stage(name, (backbone.get_submodule(name),))
            for name in backbone.stages
        ]
    if isinstance(backbone, ResNet3d):
        return _stages_of_resnet3d(backbone)
    raise ValueError(
        f'{type(backbone).__name__} cannot be run stage by stage; take '
        "VideoResNet3d or another of MMAction2's ResNet3d family, "
        'PlainResNet3d or SmallR3D'
    )


def _stages_of_resnet3d(backbone: ResNet3d) -> list[Stage]:
    """Return those of MMAction2's family."""
    last = len(backbone.res_layers) - 1
    if tuple(backbone.out_indices) != (last,):
        raise ValueError(
            'a backbone that is run stage by stage returns its last map '
            f'only, got out_indices={tuple(backbone.out_indices)}; set '
            f'out_indices=({last},)'
        )
    factorised = isinstance(backbone, ResNet2Plus1d)
    stem = [backbone.conv1]
    # ResNet2Plus1d pools always, and never after its first stage
    if factorised or backbone.with_pool1:
        stem.append(backbone.maxpool)
    stages = [Stage('conv1', tuple(stem))]
    for number, name in enumerate(backbone.res_layers):
        parts = [backbone.get_submodule(name)]
        if number == 0 and backbone.with_pool2 and not factorised:
            parts.append(backbone.pool2)
        stages.append(Stage(name, tuple(parts)))
    return stages
