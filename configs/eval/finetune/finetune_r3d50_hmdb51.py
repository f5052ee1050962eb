"""Fine-tuning of an R3D-50 on HMDB51, first split.

Paper: CORP, Table 4, right. Recipe not stated there: the learning rate is that
    of its semi-supervised training, 0.2 for 1024 videos, scaled to 128.
Batch: 8 GPUs x 16 videos x 1 clip = 128 clips of 32x224x224 a step.
    Memory not measured here.
Number: CORP_f 68.0 %, CVRL 67.9 %. Ours: not run.
Run: tools/dist_train.sh configs/eval/finetune/finetune_r3d50_hmdb51.py 8
    --cfg-options model.backbone.init_cfg.checkpoint=FILE
"""
_base_ = [
    '../../_base_/backbones/r3d50.py',
    '../../_base_/datasets/hmdb51_labelled.py',
    '../../_base_/methods/finetune.py',
    '../../_base_/schedules/sgd_cosine.py',
    '../../_base_/default_runtime.py',
]

model = dict(backbone=_base_.backbone, cls_head=dict(num_classes=51))

train_dataloader = dict(batch_size=16)
val_dataloader = dict(batch_size=16)

optim_wrapper = dict(optimizer=dict(lr=0.025))  # 0.2 x 128 / 1024
train_cfg = dict(max_epochs=50)
auto_scale_lr = dict(base_batch_size=128)  # 8 GPUs x 16 videos
