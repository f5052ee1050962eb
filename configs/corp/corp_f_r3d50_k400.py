"""CORP_f, R3D-50, Kinetics-400, 800 epochs, 512 videos a step.

Paper: CORP, Tables 1, 3 and 4; Tables 2 and 5 with fewer epochs or videos.
Batch: 32 GPUs x 16 videos x 2 clips = 512 videos, 1024 clips a step; 32 clips
    of 16x224x224 on a GPU, as in the paper (1024 videos on 64 cards of
    32 GB). Memory not measured here.
Number: 66.3 % (linear evaluation). Ours: not run.
Run: GPUS=32 tools/slurm_train.sh PARTITION corp_f
    configs/corp/corp_f_r3d50_k400.py
"""
_base_ = [
    '../_base_/backbones/r3d50.py',
    '../_base_/datasets/k400.py',
    '../_base_/augment/contrastive.py',
    '../_base_/methods/corp_f.py',
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
                type='SampleSeparatedClips',
                clip_len=16,
                frame_interval=2,
                num_clips=2,
                sort_by_time=True),
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
                type='SampleSeparatedClips',
                clip_len=16,
                frame_interval=2,
                num_clips=2,
                sort_by_time=True),
            dict(type='DecodeClips'),
            dict(type='PerClip', transforms=_base_.val_augment),
            dict(type='PackClips'),
        ]))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=800)
optim_wrapper = dict(optimizer=dict(lr=2.0))  # 512 videos / 256
auto_scale_lr = dict(base_batch_size=512)  # 32 GPUs x 16 videos
