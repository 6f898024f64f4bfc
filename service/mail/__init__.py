"""Where mail comes from: each source brings what is in a mailbox to an inbox, and knows how to wait for more."""
