"""The review side by HTTP, under /v1: one file a resource, one row of the table a route."""
