"""One file a question; each prints ratios against a baseline measured in the same run."""
