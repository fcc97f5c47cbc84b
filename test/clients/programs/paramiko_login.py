# Logs in with paramiko: "proxy CONFIG HOST KNOWN_HOSTS" or "port PORT USER KEY KNOWN_HOSTS".
import sys
import paramiko

client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.RejectPolicy())
if sys.argv[1] == "proxy":
    config, host, known = sys.argv[2:]
    settings = paramiko.SSHConfig.from_path(config).lookup(host)
    # It knows a host by its name, and nothing of HostKeyAlias.
    client.load_host_keys(known)
    client.connect(
        host,
        username=settings["user"],
        key_filename=settings["identityfile"],
        sock=paramiko.ProxyCommand(settings["proxycommand"]),
        allow_agent=False,
        look_for_keys=False,
    )
else:
    port, user, key, known = sys.argv[2:]
    client.load_host_keys(known)
    client.connect("127.0.0.1", int(port), user, key_filename=key, allow_agent=False, look_for_keys=False)
_, out, _ = client.exec_command("echo this is $MACHINE")
print(out.read().decode(), end="")
client.close()
