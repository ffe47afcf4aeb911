"""The engine: which models there are, how they are loaded, and how they answer."""
