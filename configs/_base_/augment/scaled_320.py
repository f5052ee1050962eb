"""Scale, window and flip of HCML: short side 256 to 320, 224 x 224 of it.

As ``labelled_scaled.py``, in the form that the fast path can plan, too.
Validation: the window in the middle, as Tables 1 and 2 are measured; test:
three crops of 256 x 256.
"""
train_augment = [
    dict(type='ClipScaledRandomCrop', scale_range=(256, 320), size=224),
    dict(type='ClipFlip', prob=0.5),
]

val_augment = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
]

test_augment = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='ThreeCrop', crop_size=256),
]
