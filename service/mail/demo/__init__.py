"""The demo: a mailbox that we wrote, for a newcomer who has not connected one yet."""
