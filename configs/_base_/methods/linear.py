"""Linear evaluation (CORP section 4.1): frozen network, z-scores, one layer.

Which network is evaluated is chosen on the command line:
``--cfg-options model.backbone.init_cfg.checkpoint=FILE``.
"""
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(
        type='ClipDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375]),
    backbone=dict(
        frozen=True,  # no gradient, running statistics as pre-trained
        init_cfg=dict(
            type='Pretrained',
            checkpoint=None,
            prefix='backbone.')),
    cls_head=dict(
        type='LinearClsHead',
        in_channels=2048,
        feature_norm='bn',  # the z-score: BatchNorm without parameters
        average_clips='prob'),
    # views in one pass of tools/test.py; 10 where 30 do not fit the memory
    test_cfg=dict(max_testing_views=None))

val_evaluator = dict(type='AccMetric')
test_evaluator = [
    dict(type='AccMetric'),
    dict(type='PerClassAccMetric', class_names=None, out_file=None),
]
