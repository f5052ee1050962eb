"""``labelled_8x8.py`` with the colours of fine-tuning.

Feichtenhofer et al. (2021) do not say them; these are of their release, which
makes frames grey before it jitters, and jitters every clip.
"""
_base_ = './labelled_8x8.py'

train_pipeline = [
    *_base_.train_pipeline[:3],
    dict(
        type='PerClip',
        transforms=[
            *_base_.train_augment,
            dict(type='ClipGrayscale', prob=0.2),
            dict(
                type='ClipColorJitter',
                prob=1.0,
                brightness=0.4,
                contrast=0.4,
                saturation=0.4,
                hue=0.1),
        ]),
    dict(type='PackClips'),
]
