"""SimCLR on video clips, which with its clip sampler is CVRL.

Chen et al. (2020); Qian et al. (2021). The baseline of CORP's Tables 1-7.
"""
model = dict(
    type='VideoSelfSupervisor',
    data_preprocessor=dict(
        type='ClipDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375]),
    neck=dict(
        type='ProjectionNeck',
        in_channels=2048,
        hidden_channels=2048,
        out_channels=128,
        num_hidden=3,
        norm_cfg=dict(type='SyncBN'),
        last_bn=False),
    head=dict(type='ContrastiveHead', temperature=0.1))

val_evaluator = dict(type='PairRelationMetric')
test_evaluator = val_evaluator
