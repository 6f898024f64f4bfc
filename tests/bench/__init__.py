"""Benchmarks of the boot, each beside a peer measured in the same minute: `python -m tests.bench`. Not tests."""
