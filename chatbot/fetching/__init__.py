"""Models from elsewhere: fetched from the hub or brought from this machine, and checked."""
