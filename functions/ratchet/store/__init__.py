"""The document store: a small port in Firestore's terms, and the stores that keep its contract."""
