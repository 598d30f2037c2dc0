"""Serves moto on a free loopback port until standard input ends.

The address is the first line of output. Whoever started this holds the other end
of standard input, so the server ends with its starter however that ends.
"""

import sys

from moto.server import ThreadedMotoServer


def main():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.buffer.read()
    server.stop()


if __name__ == "__main__":
    main()
