"""The worker: follows the accounts, and does the work that what arrives makes necessary."""
