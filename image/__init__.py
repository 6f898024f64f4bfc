"""The image: how it is made (`Dockerfile` and the programs that run in its stages), and what is inside it."""
