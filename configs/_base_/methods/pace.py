"""Pace Prediction (Wang et al., ECCV 2020), Sections 3.1 and 3.2.

Pixels are RGB / 255; the authors' code feeds BGR in 0..255, and the first
BatchNorm takes the scale out of both.
"""
model = dict(
    type='VideoSelfSupervisor',
    data_preprocessor=dict(
        type='ClipDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255]),
    neck=dict(type='PoolNeck'),
    head=dict(
        type='PaceHead',
        in_channels=512,
        num_paces=4,  # as many as the sampler's paces
        contrast=None,  # 'same-context': Eq. 2, 'same-pace': Eq. 3
        contrast_channels=None,  # 8: the "fc" of Table 2
        pace_weight=1.0,
        contrast_weight=0.1))

val_evaluator = dict(type='PaceMetric')
test_evaluator = val_evaluator
