"""Arrow of time, R3D-50, Something-Something V2.

Batch: 8 GPUs x 16 videos x 2 clips = 128 videos. Not run.
Run: tools/dist_train.sh configs/arrow_of_time/arrow_of_time_r3d50_ssv2.py 8
"""

_base_ = [
    '../_base_/backbones/r3d50.py',
    '../_base_/datasets/ssv2.py',
    '../_base_/augment/contrastive.py',
    '../_base_/schedules/lars.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='VideoSelfSupervisor',
    backbone=_base_.backbone,
    neck=dict(type='ProjectionNeck', in_channels=2048, out_channels=128),
    head=dict(type='ArrowOfTimeHead', in_channels=128),
)

train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleReversibleClips',
                clip_len=16,
                frame_interval=1,
                num_clips=2,
            ),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]
    ),
)
val_dataloader = test_dataloader = dict(
    batch_size=16,
    dataset=dict(pipeline=train_dataloader['dataset']['pipeline']),
)
val_evaluator = test_evaluator = dict(type='PairRelationMetric')

optim_wrapper = dict(optimizer=dict(lr=0.5))  # 128 videos / 256
auto_scale_lr = dict(base_batch_size=128)  # 8 GPUs x 16 videos
