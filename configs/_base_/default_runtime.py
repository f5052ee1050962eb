"""What every run shares: hooks, logging, environment."""
default_scope = 'vsslcodebase'
custom_imports = dict(imports=['vsslcodebase'], allow_failed_imports=False)

default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # at least 2, so that a run killed while it writes keeps the one before
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    sync_buffers=dict(type='SyncBuffersHook'))

# A leaf that adds one writes custom_hooks = [*_base_.custom_hooks, dict(...)]
custom_hooks = [
    dict(type='EpochSeedHook'),  # data: a function of (seed, epoch, index)
    dict(type='StepSeedHook'),  # model: a function of (seed, iteration)
    dict(type='FiniteLossHook', interval=10),
    dict(type='HealthHook', interval=100),  # has it collapsed?
    dict(type='InputContractHook'),  # colours: those of the checkpoint
    dict(type='ResumeCheckHook'),  # warns if the batch size has changed
    dict(type='ProvenanceHook'),  # which code, config and data made it
    dict(type='MetricModelHook'),  # metrics that read layers: retrieval
    dict(type='InterruptHook'),  # SIGTERM, Ctrl-C: save, then exit
]

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))

log_processor = dict(type='LogProcessor', window_size=20, by_epoch=True)
log_level = 'INFO'
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='Visualizer', vis_backends=vis_backends)

load_from = None
partial_load = False  # True: what load_from lacks starts at random
adapt_inputs = False  # True: show the colours that load_from was shown
resume = False
randomness = dict(seed=0, diff_rank_seed=False, deterministic=False)
