"""The persona's conversations: kept safe, read and written, examined."""
