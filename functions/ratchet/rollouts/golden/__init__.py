"""Golden sets: examples that versions are held against, and that nothing is trained on."""
