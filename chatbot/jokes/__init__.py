"""Jokes: what is known, who asks for one, which was told, and one made up by a larger model."""
