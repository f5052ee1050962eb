"""S3D-G (9,125,072 parameters), Pace Prediction Table 3.

Xie et al. (2018). The table's 9.6 M are with a classifier of 512 classes. A
64x224x224 clip gives 1024x8x7x7.
"""
backbone = dict(type='S3DG')
