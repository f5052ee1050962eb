"""Every layer is trained, from a pre-trained network.

Which network is chosen on the command line:
``--cfg-options model.backbone.init_cfg.checkpoint=FILE``.
"""
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(
        type='ClipDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375]),
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint=None,
            prefix='backbone.')),
    cls_head=dict(
        type='LinearClsHead',
        in_channels=2048,
        feature_norm='none',
        dropout_ratio=0.5,
        average_clips='prob'),
    # views in one pass of tools/test.py; 10 where 30 do not fit the memory
    test_cfg=dict(max_testing_views=None))

val_evaluator = dict(type='AccMetric')
test_evaluator = [
    dict(type='AccMetric'),
    dict(type='PerClassAccMetric', class_names=None, out_file=None),
]
