"""The version of mlci, a constant so that reading it costs nothing."""

VERSION = "0.1.0"
