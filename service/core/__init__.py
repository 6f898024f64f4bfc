"""What the assistant understands of mail: pure functions over values, without I/O and without a framework."""
