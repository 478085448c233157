"""Builds that one machine is too small for, as Apache Beam pipelines of the same steps."""
