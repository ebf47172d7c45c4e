"""MLOps in the pull request, with no server to run."""
