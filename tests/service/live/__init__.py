"""Tests of live events: real processes, real clients over both transports, real databases and a real Redis."""
