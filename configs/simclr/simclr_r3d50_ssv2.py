"""SimCLR on clips (CVRL), R3D-50, Something-Something V2, 200 epochs.

Paper: CORP, Tables 5, 6e and 7.
Batch: 32 GPUs x 16 videos x 2 clips = 512 videos, 1024 clips a step; 32 clips
    of 16x224x224 on a GPU. Memory not measured here.
Number: 33.9 % (linear evaluation). Ours: not run.
Run: GPUS=32 tools/slurm_train.sh PARTITION simclr
    configs/simclr/simclr_r3d50_ssv2.py
"""
_base_ = [
    '../_base_/backbones/r3d50.py',
    '../_base_/datasets/ssv2.py',
    '../_base_/augment/contrastive.py',
    '../_base_/methods/simclr.py',
    '../_base_/schedules/lars.py',
    '../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone)

train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleDecayingClips',
                clip_len=16,
                frame_interval=1,
                num_clips=2),
            dict(type='DecodeOnDemand'),
            dict(type='FastClips', transforms=_base_.train_augment),
            dict(type='PackClips'),
        ]))

# order and spread are watched on videos that are not trained on
val_dataloader = dict(
    batch_size=16,
    dataset=dict(
        pipeline=[
            dict(type='OpenVideo', backend='pyav'),
            dict(
                type='SampleDecayingClips',
                clip_len=16,
                frame_interval=1,
                num_clips=2),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=2.0))  # 512 videos / 256
auto_scale_lr = dict(base_batch_size=512)  # 32 GPUs x 16 videos
