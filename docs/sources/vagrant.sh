#!/bin/sh
# The machines of Vagrant with VirtualBox, by its index, VBoxManage and jq; no Vagrantfile runs for a list. Those with libvirt need no source.
index=${VAGRANT_HOME:-$HOME/.vagrant.d}/data/machine-index/index
rows() { # of the index, a line each
  [ ! -e "$index" ] || jq -c '.machines | to_entries[] | .key as $key | .value | select(.provider == "virtualbox") | {
    id: $key, folder: "\(.local_data_path)/machines/\(.name)/\(.provider)",
    name: ((.vagrantfile_path | split("/") | last) + if .name == "default" then "" else "-" + .name end) }' "$index"
}
what=$1; shift
case $what in
list)
  rows | while read -r row; do
    folder=$(printf '%s' "$row" | jq -r .folder)
    VBoxManage showvminfo "$(cat "$folder/id")" --machinereadable 2> /dev/null | jq -Rn --argjson row "$row" '
      [inputs | capture("^(?<key>[^=]+)=\"?(?<value>[^\"]*)")] | from_entries | $row + {
        state: .VMState, port: (to_entries | map(select(.value | startswith("ssh,tcp,")).value | split(",")[3]) | first) }'
  done | jq -s '{ version: 1, machines: [.[] | { name, id, user: "vagrant", identityFile: "\(.folder)/private_key",
      status: ({ running: "running", paused: "paused", saved: "saved" }[.state // ""] // "off"),
      routes: (if .port then [{ address: "127.0.0.1:\(.port)" }] else [] end) }] }' ;;
start) [ "$1" != -- ] || shift; exec vagrant up "$(rows | jq -r --arg name "$1" 'select(.name == $name).id')" ;;
esac
