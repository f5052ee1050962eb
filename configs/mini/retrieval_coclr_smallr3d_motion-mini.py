"""Retrieval on motion-mini by CoCLR's protocol: other clips, means subtracted.

Windows that half overlap, globally pooled, averaged; the mean of each split
is subtracted; cosine. ``docs/protocols.md`` says in what protocols differ.
Number: not a table of a paper; docs/protocols.md has ours.
Run: python tools/test.py configs/mini/retrieval_coclr_smallr3d_motion-mini.py
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = './retrieval_smallr3d_motion-mini.py'

test_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePlacedClips',
                clip_len=8,
                frame_interval=2,
                # all videos are of one length here; videos that are not
                # give different numbers of windows, and need batches of one
                placements=['windows']),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))

test_evaluator = dict(centre=True)
