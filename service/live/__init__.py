"""Live events: Socket.IO behind a door of our own, and what clients are told through it."""
