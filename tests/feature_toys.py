"""A small network and videos made of numbers, for tests of features."""

from __future__ import annotations

import numpy as np
import torch
from mmaction.structures import ActionDataSample

from vsslcodebase.registry import MODELS, TRANSFORMS

STOP = {}  # filename -> exception to raise when it is read


@TRANSFORMS.register_module(force=True)
class ToyClips:
    """Two noisy clips of the class's pattern, by the file's name."""

    def __call__(self, results):
        if results['filename'] in STOP:
            raise STOP[results['filename']]
        seed = sum(map(ord, results['filename']))
        noise = np.random.default_rng(seed).integers(0, 150, (2, 3, 4, 16, 16))
        pattern = np.random.default_rng(1000 + results['label']).integers(
            0, 100, (3, 1, 16, 16)
        )
        sample = ActionDataSample(
            metainfo={key: results[key] for key in ('filename', 'video_id')}
        )
        if results['label'] >= 0:
            sample.set_gt_label(results['label'])
        inputs = torch.from_numpy((noise + pattern).astype(np.uint8))
        return dict(inputs=inputs, data_samples=sample)


def toy_dataset(folder, name, labels, **options):
    """Config of a data set of so many videos; writes its list."""
    listing = folder / f'{name}.txt'
    lines = [f'{name}/{row}.mp4 {label}' for row, label in enumerate(labels)]
    listing.write_text('\n'.join(lines))
    return dict(
        type='VideoListDataset',
        ann_file=str(listing),
        pipeline=[dict(type='ToyClips')],
        test_mode=True,
        serialize_data=False,  # collects garbage, slowly
        **options,
    )


def toy_model(seed=0):
    """A trunk whose map is (10, 1, 4, 4)."""
    torch.manual_seed(seed)
    model = MODELS.build(
        dict(
            type='FeatureTrunk',
            backbone=dict(
                type='SmallR3D', widths=(6, 10), temporal_strides=(2, 2)
            ),
        )
    )
    return model.eval()
