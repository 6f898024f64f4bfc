"""The control plane: named background tasks, supervised, whose death or silence is an indicator.

A new task joins by a line in `tasks.py`.
"""
