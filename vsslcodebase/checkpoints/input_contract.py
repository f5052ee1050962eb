"""What a network was shown in training, and so has to be shown ever after.

A wrong channel order or scale raises no error: the features are only worse,
by two points or by twenty. So a checkpoint says in which colours its frames
came, and a config in which it shows them; this is what both are compared by.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import torch
from mmaction.models.recognizers.base import BaseRecognizer
from torch import Tensor

from vsslcodebase.checkpoints.pipeline_geometry import geometry_of_pipeline
from vsslcodebase.registry import MODELS

ORDERS = ('rgb', 'bgr')
COLOURS = ('channel_order', 'value_range', 'mean', 'std')
# Of colours on a scale of 0 to 255: less is a rounding of the same number
TOLERANCE = 0.05


class Difference(NamedTuple):
    """One thing in which two contracts are not alike.

    Attributes:
        name: The field; 'mean' and 'std' are given on the scale 0..255.
        have: Its value in the first contract.
        want: Its value in the second one.
        is_colour: Numbers are wrong if this differs. Otherwise it is frames,
            stride or size, which papers change from training to evaluation.
    """

    name: str
    have: Any
    want: Any
    is_colour: bool

    def __str__(self) -> str:
        """Say it as in 'mean (0, 0, 0), not (123.675, 116.28, 103.53)'."""
        return f'{self.name} {_show(self.have)}, not {_show(self.want)}'


@dataclass(frozen=True)
class InputContract:
    """How clips go into a network.

    Attributes:
        channel_order: 'rgb' or 'bgr': what the first of 3 channels is.
        value_range: What black and white are before mean and std are used:
            (0.0, 255.0), or (0.0, 1.0) where frames are divided by 255.
        mean: Of each channel, in the network's order, on that scale.
        std: Likewise, positive.
        num_frames: Of a clip, T; None where unknown.
        frame_interval: The strides from one frame to the next that were
            trained on; Pace has several, and below 1 a frame is repeated. ()
            where unknown.
        height: Of a frame, in pixels; None where unknown.
        width: Likewise.

    Raises:
        ValueError: A value that cannot be; the message names it.
    """

    channel_order: str
    value_range: tuple[float, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    num_frames: int | None = None
    frame_interval: tuple[float, ...] = ()
    height: int | None = None
    width: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no network was ever shown."""
        if self.channel_order not in ORDERS:
            _refuse('channel_order', self.channel_order, "'rgb' or 'bgr'")
        for name, length in (('value_range', 2), ('mean', 3), ('std', 3)):
            values = getattr(self, name)
            if not _are_numbers(values) or len(values) != length:
                _refuse(name, values, f'a tuple of {length} finite numbers')
        if self.value_range[0] >= self.value_range[1]:
            _refuse('value_range', self.value_range, 'black below white')
        if min(self.std) <= 0:
            _refuse('std', self.std, 'positive numbers')
        for name in ('num_frames', 'height', 'width'):
            value = getattr(self, name)
            if value is not None and not (type(value) is int and value > 0):
                _refuse(name, value, 'a whole number from 1, or None')
        intervals = self.frame_interval
        if not _are_numbers(intervals) or any(x <= 0 for x in intervals):
            _refuse('frame_interval', intervals, 'a tuple of positive numbers')

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: str, int, float, None and lists."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, given: Any) -> InputContract:
        """Return what ``to_dict`` wrote.

        Raises:
            ValueError: It is no such dict; the message names the key.
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(given, dict) or set(given) != set(names):
            got = list(given) if isinstance(given, dict) else given
            raise ValueError(
                f'an input contract has the keys {", ".join(names)}, got '
                f'{str(got)[:300]}'
            )
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.items()
        }
        return cls(**values)

    @property
    def network_range(self) -> tuple[float, float]:
        """The lowest and the highest number that the network sees."""
        black, white = self.value_range
        pairs = list(zip(self.mean, self.std))
        return (
            min((black - mean) / std for mean, std in pairs),
            max((white - mean) / std for mean, std in pairs),
        )

    def colours(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return mean and std for frames on the scale 0..255."""
        black, white = self.value_range
        unit = 255 / (white - black)
        return (
            tuple((mean - black) * unit for mean in self.mean),
            tuple(std * unit for std in self.std),
        )

    def normalise(self, frames: Tensor) -> Tensor:
        """Make what the network is to see.

        Args:
            frames: (..., 3, T, H, W), uint8, or float on the scale 0..255;
                red, green, blue.

        Returns:
            The same shape, float32 (float64 if that was given).

        Raises:
            ValueError: The fourth axis from the end is not 3 channels.
        """
        if frames.ndim < 4 or frames.shape[-4] != 3:
            raise ValueError(
                'frames must be (..., 3, T, H, W) with red, green, blue, got '
                f'{tuple(frames.shape)}'
            )
        if frames.dtype != torch.float64:
            frames = frames.float()
        if self.channel_order == 'bgr':
            frames = frames.flip(-4)
        black, white = self.value_range
        if (black, white) != (0, 255):
            frames = frames * ((white - black) / 255) + black
        mean, std = (
            frames.new_tensor(values).view(3, 1, 1, 1)
            for values in (self.mean, self.std)
        )
        return (frames - mean) / std


def differences(have: InputContract, want: InputContract) -> list[Difference]:
    """Compare two contracts.

    Colours are compared as the network sees them: a mean of 0.45 on the scale
    0..1 is one of 114.75 on 0..255. What either does not know is no
    difference.

    Args:
        have: Say, the config's.
        want: Say, the checkpoint's.
    """
    found: list[tuple[str, Any, Any]] = []
    if have.channel_order != want.channel_order:
        found.append(('channel_order', have.channel_order, want.channel_order))
    pairs = zip(('mean', 'std'), have.colours(), want.colours())
    for name, one, other in pairs:
        if any(abs(x - y) > TOLERANCE for x, y in zip(one, other)):
            found.append((name, one, other))
    for name in ('num_frames', 'frame_interval', 'height', 'width'):
        one, other = getattr(have, name), getattr(want, name)
        if one and other and one != other:
            found.append((name, one, other))
    return [Difference(*each, each[0] in COLOURS) for each in found]


def contract_of_config(cfg: Any, stage: str = 'train') -> InputContract:
    """Read what a config shows its network.

    Args:
        cfg: A whole config.
        stage: 'train', 'val' or 'test': of which loader frames, stride and
            size are read; unknown where there is no such loader.

    Raises:
        ValueError: The config has no model, its preprocessor is of a kind
            that this does not know, or its colours are not three.
    """
    arguments = preprocessor_of_config(cfg)
    # MMAction2's says 'to RGB', which is right for frames that come as BGR;
    # all readers of today, its own and ours, give RGB, which it makes BGR
    flips = arguments.get('to_bgr') or arguments.get('to_rgb')
    mean, std = arguments.get('mean'), arguments.get('std')
    return InputContract(
        channel_order='bgr' if flips else 'rgb',
        value_range=(0.0, 255.0),
        mean=tuple(map(float, (0, 0, 0) if mean is None else mean)),
        std=tuple(map(float, (1, 1, 1) if std is None else std)),
        **geometry_of_pipeline(cfg.get(f'{stage}_dataloader')),
    )


def preprocessor_of_config(cfg: Any) -> dict[str, Any]:
    """Return type and arguments of the data preprocessor of a config.

    Defaults of the model and of the class are filled in.

    Raises:
        ValueError: As ``contract_of_config``.
    """
    model = cfg.get('model')
    if not model:
        raise ValueError('the config has no model, so shows nothing to it')
    given = model.get('data_preprocessor') or cfg.get('data_preprocessor')
    if given is None:
        cls = _class(model.get('type'))
        ours = not issubclass(cls, BaseRecognizer)
        name = 'ClipDataPreprocessor' if ours else 'ActionDataPreprocessor'
        given = dict(type=name)
    parameters = inspect.signature(_class(given['type'])).parameters
    if not {'mean', 'std'} <= set(parameters):
        raise ValueError(
            f'the data preprocessor {given["type"]} has no mean and std, so '
            'its colours are not known'
        )
    defaults = {
        name: parameter.default
        for name, parameter in parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    return {**defaults, **given}


def _class(name: Any) -> Any:
    """Return the registered model class of a name, or the class itself."""
    cls = MODELS.get(name) if isinstance(name, str) else name
    if cls is None:
        raise ValueError(f'there is no model of type {name!r}')
    return cls


def _are_numbers(values: Any) -> bool:
    """Whether this is a tuple of finite numbers."""
    return isinstance(values, tuple) and all(
        type(value) in (int, float) and math.isfinite(value)
        for value in values
    )


def _refuse(name: str, got: Any, expected: str) -> None:
    """Raise for a field that has an impossible value."""
    raise ValueError(
        f'{name} of an input contract must be {expected}, got {got!r}'
    )


def _show(value: Any) -> str:
    """Format a value for a sentence."""
    if isinstance(value, tuple):
        return '(' + ', '.join(f'{x:.6g}' for x in value) + ')'
    return str(value)
