"""What a run made of its model, in figures: the untuned and the tuned one asked the same."""
