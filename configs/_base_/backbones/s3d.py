"""S3D without gates (7,910,048 parameters), as in CoCLR.

Its stem is separable, too, and its pools pad both ends alike: weights of
s3dg.py do not fit. A 32x128x128 clip gives 1024x4x4x4.
"""
backbone = dict(
    type='S3DG',
    gates=False,
    separable_stem=True,
    same_pools=False)
