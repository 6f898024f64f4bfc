"""The image beside its peers: size, `docker run` to the first answer and to ready, memory."""
