"""Statistics that merge with `+` and take back with `-`, exactly."""
