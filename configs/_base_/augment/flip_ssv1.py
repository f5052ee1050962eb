"""A flip for Something-Something V1, where it changes classes.

Turning the camera left or right (2, 4), and pushing (30, 41) and pulling
(52, 66) from left to right or right to left, trade labels when mirrored; so
says tools/data/something_something_v1.py of the official labels.
"""
flip = dict(
    type='ClipFlip',
    prob=0.5,
    flip_label_map={
        2: 4,
        4: 2,
        30: 41,
        41: 30,
        52: 66,
        66: 52
    })
