"""A flip for Something-Something V2, where it changes classes.

Pulling (86, 87) and pushing (93, 94) from left to right or right to left,
and turning the camera left or right (166, 167), trade labels when mirrored.
"""
flip = dict(
    type='ClipFlip',
    prob=0.5,
    flip_label_map={
        86: 87,
        87: 86,
        93: 94,
        94: 93,
        166: 167,
        167: 166
    })
