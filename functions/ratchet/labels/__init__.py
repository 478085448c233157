"""Labels, judges, the review queue, and the small models that are trained on what they say."""
