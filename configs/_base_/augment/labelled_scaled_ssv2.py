"""``labelled_scaled.py`` where flips change classes, see flip_ssv2.py."""
_base_ = ['./labelled_scaled.py', './flip_ssv2.py']

train_augment = [*_base_.train_augment[:2], _base_.flip]
