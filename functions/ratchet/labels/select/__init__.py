"""Selection: which subjects people are asked about, with what probability."""
