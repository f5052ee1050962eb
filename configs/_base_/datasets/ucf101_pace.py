"""UCF101 for Pace Prediction: 16 frames at one of four paces.

An epoch goes ten times through the training videos: 95,370 clips, the
paper's "around 90k".
"""
_base_ = ['./ucf101.py', '../augment/pace.py']

train_dataloader = dict(
    dataset=dict(
        num_repeats=10,
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=16,
                paces=(1, 2, 3, 4),
                num_clips=1),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]))

# pace is asked of videos that are not trained on, too
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SamplePaceClips',
                clip_len=16,
                paces=(1, 2, 3, 4),
                num_clips=1),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader
