# The "docker system dial-stdio" of a machine without a daemon: answers what "docker version" asks.
import json
import os
import sys

assert sys.argv[1:] == ["system", "dial-stdio"], sys.argv
while line := sys.stdin.readline():
    method, path, _ = line.split()
    while sys.stdin.readline().strip():
        pass
    body = "" if method == "HEAD" else "OK" if path == "/_ping" else json.dumps({"Version": f"this is {os.environ['MACHINE']}", "ApiVersion": "1.41", "Os": "linux"})
    kind = "text/plain" if path == "/_ping" else "application/json"
    print(f"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}", end="", flush=True)
