"""The benchmarks of the boot, one a file; each returns its figures."""
