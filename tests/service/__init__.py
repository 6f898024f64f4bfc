"""Tests of the service: real processes, started as everybody starts it, and clients on real sockets."""
