"""The demo: a policy learns from real or simulated traffic, under a simulated clock."""
