"""A DNS server that answers 127.0.0.1 for every name, and a chat at https://chat.example.org:8443 that writes what it
is told to a file. The only argument is the directory of that file; the chat's authority is written there, too."""

import http.server
import pathlib
import socket
import ssl
import subprocess
import sys
import threading

SCRATCH = pathlib.Path(sys.argv[1])
KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"


def openssl(arguments):
    subprocess.run(["openssl", *arguments.split()], cwd=SCRATCH, check=True, stderr=subprocess.DEVNULL)


def certificate():
    openssl(f"req -x509 {KEY} -subj /CN=Authority -keyout ca.key -out authority.pem")
    openssl(
        f"req -x509 {KEY} -subj /CN=chat.example.org -CA authority.pem -CAkey ca.key -keyout chat.key -out chat.pem "
        "-addext subjectAltName=DNS:chat.example.org -addext basicConstraints=critical,CA:FALSE"
    )


def answer(query):
    """The query as its own answer: an address for a question of type A, nothing for others."""
    question = query[12 : query.index(0, 12) + 5]
    is_address = question[-4:-2] == b"\x00\x01"
    head = query[:2] + b"\x81\x80\x00\x01" + (b"\x00\x01" if is_address else b"\x00\x00") + b"\x00\x00\x00\x00"
    record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01" if is_address else b""
    return head + question + record


def dns():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        query, client = server.recvfrom(512)
        server.sendto(answer(query), client)


class Chat(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with open(SCRATCH / "told", "ab") as told:
            told.write(body + b"\n")
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


certificate()
threading.Thread(target=dns, daemon=True).start()
chat = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Chat)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(SCRATCH / "chat.pem", SCRATCH / "chat.key")
chat.socket = tls.wrap_socket(chat.socket, server_side=True)
# Only now is it there.
(SCRATCH / "authority.pem").rename(SCRATCH / "ca.pem")
chat.serve_forever()
