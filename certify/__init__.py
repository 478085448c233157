"""Certification of the statistics by simulation, one file a group of rows: `make certify`."""
