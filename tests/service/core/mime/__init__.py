"""Tests of the parser: raw messages that we wrote, honest, broken and hostile ones."""
