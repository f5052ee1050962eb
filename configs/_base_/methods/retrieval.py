"""Nothing is trained: test videos look for training videos of their class.

As in VCOP (Xu et al., 2019): ten clips a video, their features averaged,
cosine similarity, the share of videos with one of their class among the k
nearest. All test videos count; VCOP's script drops the last batch. 'p5' and
'p4' are the last and the second last pooling layer; None is the global
average. Which network is chosen on the command line:
``--cfg-options model.backbone.init_cfg.checkpoint=FILE``.
"""
model = dict(
    type='FeatureTrunk',
    data_preprocessor=dict(
        type='ClipDataPreprocessor',
        mean=[0, 0, 0],
        std=[255, 255, 255]),
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint=None,
            prefix='backbone.')))

test_evaluator = dict(
    type='VideoRetrievalMetric',
    layer='p5',
    level='video',
    topk=(1, 5, 10, 20, 50))
test_cfg = dict(type='TestLoop')
