#!/bin/sh
# The sandboxes of microsandbox, by msb and jq, with the host keys that "msb ssh serve" made for them (read by ssh-keygen).
# msb lets in the keys of its own list: msb ssh authorize --file ~/.ssh/id_ed25519.pub
what=$1; shift
case $what in
list)
  rows=$(msb list --format json) || exit
  # The keys of many are too long for an argument.
  for file in "${MSB_HOME:-$HOME/.microsandbox}"/sandboxes/*/ssh/host_ed25519; do
    name=${file%/ssh/host_ed25519}
    [ -O "$file" ] && key=$(ssh-keygen -y -f "$file" < /dev/null 2> /dev/null) && printf '%s %s\n' "${name##*/}" "$key"
  done | jq -R . | { printf '%s\n' "$rows"; cat; } | jq -s --arg msb "$(command -v msb)" '
    (.[1:] | map(split(" ") | { (.[0]): [.[1:3] | join(" ")] }) | add) as $key |
    { version: 1, machines: [.[0][] | { name, user: "root", hostKeys: $key[.name], id: "\(.name) \(.created_at)",
      status: ({ Running: "running", Starting: "starting", Draining: "stopping", Paused: "paused" }[.status // ""] // "off"),
      routes: [{ command: [$msb, "ssh", "serve", "--stdio", "--", .name] }] } | with_entries(select(.value != null))] }' ;;
start) exec msb start "$@" ;;
esac
