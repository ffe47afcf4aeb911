"""Models beside each other: their answers, how they differ, and which one a person prefers."""
