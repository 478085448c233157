"""Studies: attempts to learn that end in a draft of a policy, or in nothing."""
