"""Nothing is trained: the k nearest training videos vote on a test video.

As in Wu et al. (2018): cosine similarity of globally pooled features, votes of
exp(cos / 0.07). One clip and crop in the middle of each video; more of them
are ``test_dataloader.dataset.pipeline.1.num_clips=10`` and the same of
``test_evaluator.gallery.dataset.pipeline``. Which network is chosen on the
command line: ``--cfg-options model.backbone.init_cfg.checkpoint=FILE``.
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
