"""Augmentation of MoCo, BYOL, SimCLR and SwAV on video, one draw per clip.

Feichtenhofer et al. (2021), whose strengths LTN takes over. Their release
changes colours before it crops; here the crop comes first, as ``FastClips``
wants it, see docs/papers/ltn.md.
"""
train_augment = [
    dict(
        type='ClipRandomResizedCrop',
        size=224,
        area_range=(0.2, 0.766),
        aspect_range=(3 / 4, 4 / 3)),
    dict(type='ClipFlip', prob=0.5),
    dict(
        type='ClipColorJitter',
        prob=0.8,
        brightness=0.6,
        contrast=0.6,
        saturation=0.6,
        hue=0.15),
    dict(type='ClipGrayscale', prob=0.2),
    dict(
        type='ClipGaussianBlur',
        prob=0.5,
        sigma_range=(0.1, 2.0),
        kernel_size=23),
]

# held-out videos are judged without chance in their pixels
val_augment = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
]
