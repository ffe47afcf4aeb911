"""The model helps to write: answers, other questions, drafts. Proposals only; nothing is saved."""
