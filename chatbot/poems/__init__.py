"""Poems: what is known, who asks for one, its theme and mood, and one written by a model."""
