"""The five operations of CORP section 3.2, after CVRL, one draw per clip."""
train_augment = [
    dict(
        type='ClipRandomResizedCrop',
        size=224,
        area_range=(0.3, 1.0),
        aspect_range=(0.5, 2.0)),
    dict(type='ClipFlip', prob=0.5),
    dict(
        type='ClipColorJitter',
        prob=0.8,
        brightness=0.8,
        contrast=0.8,
        saturation=0.8,
        hue=0.2),
    dict(type='ClipGrayscale', prob=0.2),
    # CORP gives no probability for the blur; 0.5 as in SimCLR
    dict(
        type='ClipGaussianBlur',
        prob=0.5,
        sigma_range=(0.1, 2.0),
        kernel_size=23),
]

# held-out videos are judged without chance in their pixels
val_augment = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
]
