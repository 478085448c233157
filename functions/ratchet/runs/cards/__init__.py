"""Cards: what is said of a component, and the comparisons that it rests on."""
