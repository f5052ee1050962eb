"""R2D-50 (23,508,032 parameters), HCML Table 5: no kernel spans time.

Frames are dropped at res3 and res4, by strides of kernels without extent in
time: a 16x224x224 clip gives 2048x4x7x7.
"""
backbone = dict(
    type='VideoResNet3d',
    depth=50,
    conv1_kernel=(1, 7, 7),
    conv1_stride_t=1,
    conv1_stride_s=2,
    pool1_stride_t=1,
    pool1_stride_s=2,
    with_pool2=False,
    temporal_strides=(1, 2, 2, 1),
    inflate=0,
    zero_init_residual=False,
    norm_cfg=dict(type='SyncBN'))
