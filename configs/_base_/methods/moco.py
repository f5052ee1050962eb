"""MoCo on video clips, any number of them (rho-MoCo).

He et al. (2020); Feichtenhofer et al. (2021), Section 3 and their release.
Pixels are standardised by 0.45 and 0.225 of 255, every channel alike.
"""
model = dict(
    type='MoCo',
    data_preprocessor=dict(
        type='ClipDataPreprocessor', mean=[114.75] * 3, std=[57.375] * 3),
    neck=dict(
        type='ProjectionNeck',
        in_channels=2048,
        hidden_channels=2048,
        out_channels=128,
        num_hidden=2,
        norm_cfg=None),
    in_channels=128,
    queue_size=65536,
    momentum=0.994,
    momentum_schedule='cosine',
    temperature=0.1,
    multi_positive='mean',  # 'sum' as printed, 'mean' as released
    shuffle_bn=True,
    bn_groups=1,  # more on a single GPU, which has nobody to shuffle with
    sequential=True)  # BatchNorm of one clip a video, as in the release

val_evaluator = dict(type='PairRelationMetric')
test_evaluator = val_evaluator
