"""What a training takes, and how a recipe fits the GPUs there are."""

from .batch_plan import BatchPlan, Recipe, plan_batches, read_recipe
from .training_memory import TrainingMemory, activations, training_memory
from .training_time import DEVICES, TrainingTime, training_time

__all__ = [
    'DEVICES',
    'BatchPlan',
    'Recipe',
    'TrainingMemory',
    'TrainingTime',
    'activations',
    'plan_batches',
    'read_recipe',
    'training_memory',
    'training_time',
]
