"""BYOL on video clips, any number of them (rho-BYOL).

Grill et al. (2020); Feichtenhofer et al. (2021), Section 3 and their release.
Pixels are standardised by 0.45 and 0.225 of 255, every channel alike.
"""
model = dict(
    type='BYOL',
    data_preprocessor=dict(
        type='ClipDataPreprocessor', mean=[114.75] * 3, std=[57.375] * 3),
    neck=dict(
        type='ProjectionNeck',
        in_channels=2048,
        hidden_channels=4096,
        out_channels=256,
        num_hidden=1,
        norm_cfg=dict(type='SyncBN')),
    predictor=dict(
        type='ProjectionNeck',
        in_channels=256,
        hidden_channels=4096,
        out_channels=256,
        num_hidden=1,
        norm_cfg=dict(type='SyncBN')),
    momentum=0.996,
    momentum_schedule='cosine',
    sequential=True)  # BatchNorm of one clip a video, as in the release

val_evaluator = dict(type='PairRelationMetric')
test_evaluator = val_evaluator
