"""Tests of what the assistant understands: values in, values out."""
