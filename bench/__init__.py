"""Figures that the README claims: one file each, all run by `make bench`."""
