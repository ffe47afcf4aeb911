"""A model leaves the lab: as a folder, a zip, a GGUF file, or to an account of a hub."""
