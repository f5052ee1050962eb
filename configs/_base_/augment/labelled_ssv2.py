"""``labelled.py`` for Something-Something V2, where flips change classes.

Pulling (86, 87) and pushing (93, 94) from left to right or right to left,
and turning the camera left or right (166, 167), trade labels when mirrored.
"""
_base_ = './labelled.py'

train_augment = [
    _base_.train_augment[0],
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
    _base_.train_augment[2],
]
