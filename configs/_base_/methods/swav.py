"""SwAV on video clips: without multi-crop, without a queue.

Caron et al. (2020); Feichtenhofer et al. (2021), Section 3 and their release.
"""
model = dict(
    type='SwAV',
    data_preprocessor=dict(
        type='ClipDataPreprocessor', mean=[114.75] * 3, std=[57.375] * 3),
    neck=dict(
        type='ProjectionNeck',
        in_channels=2048,
        hidden_channels=2048,
        out_channels=128,
        num_hidden=2,
        norm_cfg=dict(type='SyncBN')),
    in_channels=128,
    num_prototypes=1000,
    epsilon=0.05,
    sinkhorn_iterations=3,
    temperature=0.1,
    freeze_prototypes_epochs=1)

val_evaluator = dict(type='PairRelationMetric')
test_evaluator = val_evaluator
