"""The Helm chart, and what keeps its documentation true."""
