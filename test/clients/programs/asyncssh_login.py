# Logs in with asyncssh: "proxy CONFIG HOST KNOWN_HOSTS" or "port PORT USER KEY KNOWN_HOSTS".
import asyncio
import sys
import asyncssh


async def main():
    if sys.argv[1] == "proxy":
        config, host, known = sys.argv[2:]
        options = {"host": host, "config": [config], "known_hosts": known, "agent_path": None}
    else:
        port, user, key, known = sys.argv[2:]
        options = {"host": "127.0.0.1", "port": int(port), "username": user, "client_keys": [key]}
        options.update(known_hosts=known, config=None, agent_path=None)
    async with asyncssh.connect(**options) as connection:
        result = await connection.run("echo this is $MACHINE", check=True)
        print(result.stdout, end="")


asyncio.run(main())
