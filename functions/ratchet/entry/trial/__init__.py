"""What one's own log says, before anything is installed: the command `try`."""
