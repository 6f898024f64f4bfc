"""Tests of the worker: what is understood, who follows what, and what a crash leaves behind."""
