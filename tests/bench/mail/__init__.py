"""The benchmarks of the worker, with a real Dovecot: the first sync, what arrives later, and memory."""
