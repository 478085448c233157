"""Protection: nothing private leaves silver."""
