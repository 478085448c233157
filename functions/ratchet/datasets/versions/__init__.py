"""Versions of datasets: built whole or not there, and all that is done with them afterwards."""
