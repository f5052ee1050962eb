"""The text of a config for MMAction2."""

from __future__ import annotations

from typing import Any

from vsslcodebase.checkpoints.clip_shape import ClipShape

WIDTH = 79
TEMPLATE = '''"""{name} in MMAction2's Recognizer3D.

Written by tools/model_converters/to_recognizer.py. Clips have the frames,
stride, size and colours that the network was trained with; lists of videos
("path label" a line) and the schedule are yours to set. Frames are not
mirrored: that would turn a motion to the left into one to the right.
"""
{head}
{load_from}

{model}

{train_pipeline}

{test_pipeline}

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VideoDataset',
        ann_file='data/train.txt',
        data_prefix=dict(video='data/videos'),
        pipeline=train_pipeline))

val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoDataset',
        ann_file='data/val.txt',
        data_prefix=dict(video='data/videos'),
        pipeline=test_pipeline,
        test_mode=True))

test_dataloader = val_dataloader

val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4))

param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=30,
        by_epoch=True,
        convert_to_iter_based=True)
]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=30, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
'''


def recognizer_config(
    name: str,
    model: dict[str, Any],
    shape: ClipShape,
    checkpoint: str,
    is_plain: bool,
) -> str:
    """Return a whole config, to train and to test.

    Args:
        name: Of the weights.
        model: Of the ``Recognizer3D``.
        shape: Of a clip.
        checkpoint: Path of the weights, from the config's folder.
        is_plain: MMAction2 knows all types; otherwise ours are imported.
    """
    head = "default_scope = 'mmaction'"
    if not is_plain:
        imports = dict(imports=['vsslcodebase'], allow_failed_imports=False)
        head = f'{assigned("custom_imports", imports)}\n{head}'
    beside = '{{ fileDirname }}/' + checkpoint  # mmengine fills it in
    return TEMPLATE.format(
        name=name,
        head=head,
        load_from=assigned('load_from', beside),
        model=assigned('model', model),
        train_pipeline=assigned('train_pipeline', _train_pipeline(shape)),
        test_pipeline=assigned('test_pipeline', _test_pipeline(shape)),
    )


def assigned(name: str, value: Any) -> str:
    """Return ``name = value`` on as many lines as it needs."""
    return f'{name} = {written(value, len(name) + 3)}'


def written(value: Any, column: int = 0, indent: int = 0) -> str:
    """Return a value as a config writes it.

    Args:
        value: Plain data.
        column: Where its first line begins.
        indent: Of the lines that follow.
    """
    items, (start, stop) = _items(value)
    if items is None:
        return repr(value)
    line = ', '.join(key + written(item) for key, item in items)
    if isinstance(value, tuple) and len(items) == 1:
        line += ','
    line = f'{start}{line}{stop}'
    if '\n' not in line and column + len(line) < WIDTH:
        return line
    inner = indent + 4
    lines = [
        ' ' * inner + key + written(item, inner + len(key) + 1, inner)
        for key, item in items
    ]
    return f'{start}\n' + ',\n'.join(lines) + stop


def _items(value: Any) -> tuple[list[tuple[str, Any]] | None, tuple[str, str]]:
    """Return what is in a container, with its keys, and its brackets."""
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: pair[0] != 'type')
        if all(isinstance(key, str) and key.isidentifier() for key in value):
            return [(f'{k}=', v) for k, v in pairs], ('dict(', ')')
        return [(f'{k!r}: ', v) for k, v in pairs], ('{', '}')
    if isinstance(value, list):
        return [('', item) for item in value], ('[', ']')
    if isinstance(value, tuple):
        return [('', item) for item in value], ('(', ')')
    return None, ('', '')


def _train_pipeline(shape: ClipShape) -> list[dict[str, Any]]:
    """One clip anywhere, a random part of its frames."""
    return [
        dict(type='DecordInit'),
        _sampler(shape, num_clips=1),
        dict(type='DecordDecode'),
        dict(type='RandomResizedCrop'),
        dict(
            type='Resize', scale=(shape.width, shape.height), keep_ratio=False
        ),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='PackActionInputs'),
    ]


def _test_pipeline(shape: ClipShape) -> list[dict[str, Any]]:
    """Ten clips, the middle of their frames."""
    return [
        dict(type='DecordInit'),
        _sampler(shape, num_clips=10, test_mode=True),
        dict(type='DecordDecode'),
        dict(type='Resize', scale=(-1, max(shape.height, shape.width))),
        dict(type='CenterCrop', crop_size=(shape.width, shape.height)),
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='PackActionInputs'),
    ]


def _sampler(shape: ClipShape, **options: Any) -> dict[str, Any]:
    """Return MMAction2's sampler."""
    return dict(
        type='SampleFrames',
        clip_len=shape.num_frames,
        frame_interval=shape.frame_interval,
        **options,
    )
