"""Doors: they translate and call one verb."""
