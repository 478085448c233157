"""What everything else stands on: documents, canonical form, errors, ids, time."""
