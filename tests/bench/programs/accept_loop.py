"""The least that can answer a probe: `python -I -S accept_loop.py PORT`, one answer after another."""

import socket
import sys

BODY = b'{"status":"alive"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"

with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(ANSWER % (len(BODY), BODY))
