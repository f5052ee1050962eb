"""Test a model: ``python tools/test.py CONFIG CHECKPOINT``; see ``--help``."""

from vsslcodebase.engine.launch import main_test

if __name__ == '__main__':
    main_test()
