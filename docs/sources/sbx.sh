#!/bin/sh
# Docker Sandboxes, by sbx and jq. Its line in sources.json has "start": true.
what=$1; shift
case $what in
list) sbx ls --json | jq --arg sbx "$(command -v sbx)" '{ version: 1, machines: [.sandboxes[] | {
    name, id: (.id // .name), status: (if .status == "running" then "running" else "off" end),
    routes: [{ command: [$sbx, "ssh", "proxy", "--", .name] }] }] }' ;;
start) sbx exec "$@" true ;;
esac
