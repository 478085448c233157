"""What keeps a dataset from its own echo: lineage, overlap, machines' share, diversity."""
