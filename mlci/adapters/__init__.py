"""The outside, one thing a file."""
