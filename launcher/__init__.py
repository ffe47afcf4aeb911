"""Set-up, launch and checks behind `start.py`. Standard library and `chatbot`'s ground only."""
