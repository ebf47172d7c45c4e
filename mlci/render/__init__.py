"""A report in many forms: pure functions from values to text."""
