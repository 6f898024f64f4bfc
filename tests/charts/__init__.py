"""Tests of the Helm chart, with the real Helm."""
