"""``labelled_scaled.py`` where flips change classes, see labelled_ssv2.py."""
_base_ = './labelled_scaled.py'

train_augment = [
    *_base_.train_augment[:2],
    dict(
        type='ClipFlip',
        prob=0.5,
        flip_label_map={
            86: 87,
            87: 86,
            93: 94,
            94: 93,
            166: 167,
            167: 166
        }),
]
