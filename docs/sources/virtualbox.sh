#!/bin/sh
# The virtual machines of VirtualBox, by VBoxManage and jq: the port that NAT forwards to SSH, else the address that its additions tell.
what=$1; shift
case $what in
list)
  VBoxManage list vms | sed -n 's/^".*" {\([0-9a-f-]*\)}$/\1/p' | while read -r id; do
    { VBoxManage showvminfo "$id" --machinereadable
      VBoxManage guestproperty get "$id" /VirtualBox/GuestInfo/Net/0/V4/IP | sed -n 's/^Value: /address=/p'
    } | jq -Rn '[inputs | capture("^\"?(?<key>[^=\"]+)\"?=\"?(?<value>[^\"]*)")] | from_entries' || exit
  done | jq -s '
    { running: "running", starting: "starting", restoring: "starting", stopping: "stopping", saving: "stopping",
      paused: "paused", saved: "saved", "aborted-saved": "saved", poweroff: "off", aborted: "off" } as $states |
    { version: 1, machines: [.[] | [to_entries[] | select(.key | startswith("Forwarding(")) | .value | split(",")
        | select(.[1] == "tcp" and .[5] == "22") | { address: "\(if .[2] == "" then "127.0.0.1" else .[2] end):\(.[3])" }] as $forwarded | {
      name, id: .UUID, dmiUuid: .hardwareuuid, status: ($states[.VMState] // "unknown"),
      routes: ($forwarded + if .nic1 == "nat" or .address == null then [] else [{ address }] end) }
      | with_entries(select(.value != null))] }' ;;
start) [ "$1" != -- ] || shift; exec VBoxManage startvm "$1" --type headless ;;
esac
