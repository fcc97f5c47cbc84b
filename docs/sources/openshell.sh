#!/bin/sh
# The sandboxes of NVIDIA OpenShell, by openshell and jq: those of the gateway and the workspace that openshell itself takes.
# A sandbox makes a new host key each time that it starts: vmssh forget openshell/NAME
what=$1; shift
case $what in
list)
  gateway=${OPENSHELL_GATEWAY:-$(openshell gateway list --output json | jq -r '.[] | select(.active) | .name')}
  rows=$(openshell sandbox list --output json --limit 10000) || exit
  printf '%s\n' "$rows" | jq --arg openshell "$(command -v openshell)" --arg gateway "$gateway" '
    { version: 1, machines: [.[] | { name, id, user: "sandbox",
      status: ({ Ready: "running", Provisioning: "starting", Starting: "starting", Stopping: "stopping",
        Deleting: "stopping", Stopped: "off" }[.phase // ""] // "unknown"),
      routes: [{ command: [$openshell, "ssh-proxy", "--gateway-name=\($gateway)", "--workspace=\(.workspace)", "--name=\(.name)"] }] }] }' ;;
start) exec openshell sandbox start "$@" ;;
esac
