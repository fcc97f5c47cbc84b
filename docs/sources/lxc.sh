#!/bin/sh
# The containers of LXC, of root or your own, by lxc-ls, lxc-attach and jq; their addresses by --route ip.
what=$1; shift
bus=DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus
case $what in
list) # A container of your own is in a cgroup of your systemd, which lxc-attach enters by D-Bus.
  [ "$(id -u)" = 0 ] && env= || env=$(command -v env)
  lxc-ls --fancy --fancy-format NAME,STATE,IPV4 | jq -Rn --arg attach "$(command -v lxc-attach)" --arg env "$env" --arg bus "$bus" '
    { RUNNING: "running", STARTING: "starting", STOPPING: "stopping", ABORTING: "stopping", FREEZING: "paused", FROZEN: "paused",
      STOPPED: "off" } as $states |
    { version: 1, machines: [[inputs][1:][] | [splits(" +")] | .[0] as $name | (.[2] // "-" | rtrimstr(",")) as $ip | {
      name: $name, status: ($states[.[1]] // "unknown"), exec: ((if $env == "" then [] else [$env, $bus] end) + [$attach, "--clear-env", "--name", $name, "--"]),
      routes: (if $ip == "-" or $ip == "" then [] else [{ address: $ip }] end) }] }' ;;
start) [ "$1" != -- ] || shift; exec env "$bus" lxc-start --name "$1" ;;
esac
