"""Nothing is trained: the k nearest training videos vote on a test video.

As in Wu et al. (2018): cosine similarity of globally pooled features, votes of
exp(cos / 0.07). Which network is chosen on the command line:
``--cfg-options model.backbone.init_cfg.checkpoint=FILE``; more than the one
clip of a leaf are ``test_dataloader.dataset.pipeline.1.num_clips=10``, of the
gallery, too.
"""
model = dict(
    type='FeatureTrunk',
    data_preprocessor=dict(
        type='ClipDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375]),
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint=None,
            prefix='backbone.')))

test_evaluator = dict(
    type='KNNMetric',
    layer=None,
    level='video',
    k=(20, 200),
    temperature=0.07)
test_cfg = dict(type='TestLoop')
