"""Nothing twice: exact duplicates by their normalised words, near ones by MinHash, verified."""

# Of what decides what a duplicate is: another normal form, shingle, signature or rule is another
# version, and signatures of different ones are not compared. `a2` is rensa's own algorithm.
DEDUPE = "1-a2"
