"""The model at AI_BASE_URL, where there is one: it improves what the assistant has made of a message by itself."""
