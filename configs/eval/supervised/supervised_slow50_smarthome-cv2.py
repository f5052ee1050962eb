"""Training of a Slow-only R-50 from scratch on Smarthome, cross-view (CV2).

Paper: LTN, Table 5, "from scratch", without a recipe: see
    supervised_slow50_smarthome.py.
Batch: 8 GPUs x 8 videos x 1 clip = 64 clips of 8x224x224 a step. Memory not
    measured here.
Number: 28.6 % per class. Ours: not run.
Run: tools/dist_train.sh
    configs/eval/supervised/supervised_slow50_smarthome-cv2.py 8
"""
_base_ = [
    '../../_base_/backbones/slow50.py',
    '../../_base_/datasets/smarthome_cv2.py',
    '../../_base_/pipelines/finetune_8x8.py',
    '../../_base_/methods/finetune_pooled.py',
    '../../_base_/schedules/sgd_nesterov.py',
    '../../_base_/default_runtime.py',
]

model = dict(
    backbone=dict(
        _base_.backbone, init_cfg=None, norm_cfg=dict(type='BN3d')),
    cls_head=dict(num_classes=19))

train_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.train_pipeline))
val_dataloader = dict(
    batch_size=8, dataset=dict(pipeline=_base_.val_pipeline))
test_dataloader = dict(
    batch_size=1, dataset=dict(pipeline=_base_.test_pipeline))

optim_wrapper = dict(optimizer=dict(lr=0.1))  # 0.1 x 64 / 64
auto_scale_lr = dict(base_batch_size=64)  # 8 GPUs x 8 videos
