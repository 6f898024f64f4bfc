"""The e-mail assistant behind the gate: its API, its live events and its worker."""
