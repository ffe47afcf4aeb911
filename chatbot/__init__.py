"""Chatbot Lab without a screen: conversations, fine-tuning, checkpoints, chat."""
