"""The demo of runs: trajectories of an agent, told as runs, and the card that comes of them."""
