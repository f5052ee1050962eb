"""``scaled_320.py`` with the scales of HCML's R(2+1)D, 256 to 340."""
_base_ = './scaled_320.py'

train_augment = [
    dict(type='ClipScaledRandomCrop', scale_range=(256, 340), size=224),
    _base_.train_augment[1],
]
