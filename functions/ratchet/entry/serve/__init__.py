"""`ratchet serve`: every function in one process of this machine, with a ticker and metrics."""
