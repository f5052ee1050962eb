"""ImageNet weights in an I3D-50, linear evaluation on Something-Something V2.

Paper: CORP, Table 5, row "ImageNet"; 2D kernels are repeated over time.
Batch: 16 GPUs x 64 videos x 1 clip = 1024 clips of 32x224x224 a step.
    Memory not measured here.
Weights: docs/data_preparation.md, "ImageNet weights".
Number: 13.3 %. Ours: not run.
Run: GPUS=16 tools/slurm_train.sh PARTITION imagenet
    configs/eval/linear/linear-imagenet_i3d50_ssv2.py
"""
_base_ = [
    '../../_base_/backbones/i3d50.py',
    '../../_base_/datasets/ssv2_labelled.py',
    '../../_base_/methods/linear.py',
    '../../_base_/schedules/sgd_cosine.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        init_cfg=None,
        pretrained='data/imagenet/resnet50-0676ba61.pth',
        **_base_.backbone),
    cls_head=dict(num_classes=174))

train_dataloader = dict(batch_size=64)
val_dataloader = dict(batch_size=64)

optim_wrapper = dict(optimizer=dict(lr=0.16))
auto_scale_lr = dict(base_batch_size=1024)  # 16 GPUs x 64 videos
