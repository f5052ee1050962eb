"""CORP_f: InfoNCE and the order of the positive pair (CORP section 3.3)."""
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
        out_channels=128,  # CORP does not state d; CVRL's is 128
        num_hidden=3,
        norm_cfg=dict(type='SyncBN'),
        last_bn=False),
    head=dict(
        type='CORPFHead',
        in_channels=128,
        relation=dict(
            type='DecouplingAttention',
            num_symmetric=64,
            num_antisymmetric=64),
        hidden_channels=128,
        num_layers=2,
        temperature=0.1,
        normalize=False))

val_evaluator = dict(type='PairRelationMetric')
test_evaluator = val_evaluator
