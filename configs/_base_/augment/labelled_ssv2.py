"""``labelled.py`` for Something-Something V2, where flips change classes."""
_base_ = ['./labelled.py', './flip_ssv2.py']

train_augment = [
    _base_.train_augment[0],
    _base_.flip,
    _base_.train_augment[2],
]
