"""The outer door, the parent process: listens first, answers probes, hands over, is an init. Standard library only."""
