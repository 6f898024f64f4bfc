"""The inner door, in the child: starts the application and gives it probes, metrics, request ids and the drain."""
