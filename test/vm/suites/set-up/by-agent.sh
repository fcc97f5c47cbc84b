#!/bin/bash
# by-agent.sh URI NAME: runs the script of stdin as root in a machine of libvirt, by its guest agent, as soon as that answers.
set -euo pipefail
ask() { virsh --quiet --connect "$1" qemu-agent-command --timeout 60 "$2" "$3"; }
script=$(base64 -w0)
until ask "$1" "$2" '{"execute":"guest-ping"}' >/dev/null 2>&1; do sleep 0.5; done
started=$(ask "$1" "$2" '{"execute":"guest-exec","arguments":{"path":"/bin/sh","capture-output":true,"input-data":"'"$script"'"}}')
until
  answer=$(ask "$1" "$2" '{"execute":"guest-exec-status","arguments":{"pid":'"$(grep -o '[0-9]*' <<<"$started")"'}}')
  grep -q '"exited":true' <<<"$answer"
do sleep 0.5; done
for stream in out:1 err:2; do
  sed -n "s/.*\"${stream%:*}-data\":\"\([^\"]*\)\".*/\1/p" <<<"$answer" | base64 -d >&"${stream#*:}"
done
exit "$(sed -n 's/.*"exitcode":\([0-9]*\).*/\1/p' <<<"$answer")"
