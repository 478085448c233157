"""Retention: observations and rewards as Parquet files, before they expire."""
