"""Same-context contrast alone, R(2+1)D-10, UCF101.

Paper: Pace Prediction, Table 2, third row.
Number: 67.3 % (fine-tuning on UCF101), 28.6 % (HMDB51). Ours: not run.
Run: python tools/train.py
    configs/pace/pace_same-context-only_r2plus1d10_ucf101.py
"""
_base_ = './pace_same-context_r2plus1d10_ucf101.py'

model = dict(head=dict(pace_weight=0.0, contrast_weight=1.0))

# without a classifier no pace is recognised; the spread of the embeddings and
# whether clips of a video find each other is what can be watched
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=16,
                paces=(1, 2, 3, 4),
                num_clips=2),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='PairRelationMetric')
test_evaluator = val_evaluator
