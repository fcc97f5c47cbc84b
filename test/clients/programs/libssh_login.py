# Logs in with libssh by its C interface: "proxy CONFIG HOST KNOWN_HOSTS" or "port PORT USER KEY KNOWN_HOSTS".
import ctypes
import sys

lib = ctypes.CDLL("libssh.so.4")
lib.ssh_new.restype = ctypes.c_void_p
lib.ssh_channel_new.restype = ctypes.c_void_p
lib.ssh_get_error.restype = ctypes.c_char_p
HOST, PORT, USER, IDENTITY, KNOWN_HOSTS = 0, 1, 4, 6, 8  # enum ssh_options_e
session = ctypes.c_void_p(lib.ssh_new())


def do(name, *args):
    if getattr(lib, name)(*args) != 0:
        sys.exit(f"{name}: {lib.ssh_get_error(session).decode()}")


def option(which, text):
    do("ssh_options_set", session, which, ctypes.c_char_p(text.encode()))


if sys.argv[1] == "proxy":
    config, host, known = sys.argv[2:]
    option(HOST, host)
    do("ssh_options_parse_config", session, ctypes.c_char_p(config.encode()))
else:
    port, user, key, known = sys.argv[2:]
    option(HOST, "127.0.0.1")
    do("ssh_options_set", session, PORT, ctypes.byref(ctypes.c_uint(int(port))))
    option(USER, user)
    option(IDENTITY, key)
option(KNOWN_HOSTS, known)
do("ssh_connect", session)
if lib.ssh_session_is_known_server(session) != 1:
    sys.exit("another host key")
do("ssh_userauth_publickey_auto", session, None, None)
channel = ctypes.c_void_p(lib.ssh_channel_new(session))
do("ssh_channel_open_session", channel)
do("ssh_channel_request_exec", channel, ctypes.c_char_p(b"echo this is $MACHINE"))
buffer = ctypes.create_string_buffer(256)
while (count := lib.ssh_channel_read(channel, buffer, 256, 0)) > 0:
    print(buffer.raw[:count].decode(), end="")
