"""The formats that conversations come in, one module each: how it is recognised, read, written."""
