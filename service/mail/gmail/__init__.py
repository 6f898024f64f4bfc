"""Mail at Gmail, read through its REST API and followed by its history.

`service.mail.gmail.source` has the source. It is not imported here: Authlib takes long, and few need it.
"""
