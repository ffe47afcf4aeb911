"""What a person does with models: name them, note something, delete them and bring them back."""
