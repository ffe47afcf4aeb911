"""The bot for other programs: `python -m chatbot serve`, over the OpenAI chat-completions protocol.

https://platform.openai.com/docs/api-reference/chat
"""
