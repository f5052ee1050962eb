"""Tests here import MMAction2, which our package mends before."""

import vsslcodebase

__all__ = ['vsslcodebase']
