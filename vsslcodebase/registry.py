"""Registries of vsslcodebase: children of MMAction2's, scope 'vsslcodebase'.

Every node lists MMAction2's package before ours as an import location.
mmengine does not import a parent's locations while it looks upwards, so
without the first entry a bare ``type='I3DHead'`` under our default scope
would be unknown until something else happened to import ``mmaction.models``.
"""

from __future__ import annotations

from mmaction import registry as mmaction
from mmengine import registry as mmengine
from mmengine.registry import Registry


def _child(name: str, parent: Registry, package: str) -> Registry:
    """Make our node below ``parent``, both filled from ``package``."""
    return Registry(
        name,
        parent=parent,
        scope='vsslcodebase',
        locations=[f'mmaction.{package}', f'vsslcodebase.{package}'],
    )


RUNNERS = _child('runner', mmaction.RUNNERS, 'engine')
LOOPS = _child('loop', mmaction.LOOPS, 'engine')
HOOKS = _child('hook', mmaction.HOOKS, 'engine')
OPTIMIZERS = _child('optimizer', mmaction.OPTIMIZERS, 'engine')
OPTIM_WRAPPERS = _child('optim_wrapper', mmaction.OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    'optim_wrapper_constructor', mmaction.OPTIM_WRAPPER_CONSTRUCTORS, 'engine'
)
PARAM_SCHEDULERS = _child(
    'parameter scheduler', mmaction.PARAM_SCHEDULERS, 'engine'
)
LOG_PROCESSORS = _child('log_processor', mmaction.LOG_PROCESSORS, 'engine')

DATASETS = _child('dataset', mmaction.DATASETS, 'datasets')
DATA_SAMPLERS = _child('data sampler', mmaction.DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child('transform', mmaction.TRANSFORMS, 'datasets')

MODELS = _child('model', mmaction.MODELS, 'models')
MODEL_WRAPPERS = _child('model_wrapper', mmaction.MODEL_WRAPPERS, 'models')
WEIGHT_INITIALIZERS = _child(
    'weight initializer', mmaction.WEIGHT_INITIALIZERS, 'models'
)

METRICS = _child('metric', mmaction.METRICS, 'evaluation')
EVALUATORS = _child('evaluator', mmaction.EVALUATOR, 'evaluation')

VISUALIZERS = _child('visualizer', mmaction.VISUALIZERS, 'visualization')
VISBACKENDS = _child('vis_backend', mmaction.VISBACKENDS, 'visualization')

# No child: the Runner looks a ``collate_fn`` up in mmengine's own registry,
# whatever the default scope is.
FUNCTIONS = mmengine.FUNCTIONS
