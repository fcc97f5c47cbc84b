#!/bin/sh
# The containers and virtual machines of this Proxmox VE, by pvesh, pct, qm and jq. For root.
what=$1; shift
[ "$what" = exec ] || [ "$1" != -- ] || shift
guests() { # [NAME]: a line each, and for "find" with its address
  for file in /etc/pve/local/lxc/*.conf /etc/pve/local/qemu-server/*.conf; do
    [ -e "$file" ] || continue
    id=${file##*/} id=${id%.conf} kind=${file%/*} kind=${kind##*/}
    # What follows is of snapshots.
    row=$(sed '/^\[/,$d' "$file" | jq -Rnc --arg id "$id" --arg kind "$kind" --arg wanted "${1-}" '
      [inputs | capture("^(?<key>\\w+): *(?<value>.*)")] | from_entries | select(.template != "1") | { id: $id, kind: $kind,
        name: (.hostname // .name // "VM\($id)"), agent: (.agent // "" | test("^(enabled=)?1")),
        cid: [.args // "" | capture("vhost-vsock-pci[^ ]*guest-cid=(?<cid>[0-9]+)").cid][0],
        uuid: [.smbios1 // "" | capture("uuid=(?<uuid>[0-9a-fA-F-]+)").uuid][0] } | select(.name == $wanted or $id == $wanted or $wanted == "")') || exit
    [ -n "$row" ] || continue
    [ "$what" != find ] || ip=$(case $kind in
      lxc) lxc-info --name "$id" --ips --no-humanize ;;
      *) qm guest cmd "$id" network-get-interfaces | jq -r '.[] | select(.name != "lo")."ip-addresses"[]?."ip-address"' ;;
      esac 2> /dev/null | grep -m 1 -E '^[0-9]+\.[0-9.]+$')
    printf '%s' "$row" | jq -c --arg ip "${ip-}" '. + { ip: $ip }'
  done
}
case $what in
list | find)
  found=$(guests "$@") && states=$(pvesh get /cluster/resources --type vm --output-format json) || exit
  printf '%s' "$found" | jq -s --argjson states "$states" --arg pct "$(command -v pct)" --arg self "$0" '
    ($states | map({ (.vmid | tostring): .status }) | add) as $state | { version: 1, machines: [.[] | {
      name, also: [.id], id: .uuid, dmiUuid: .uuid,
      status: ({ running: "running", paused: "paused", stopped: "off" }[$state[.id] // ""] // "unknown"),
      routes: [(if .cid then "vsock/\(.cid)" else empty end), (.ip | select(. != "")) | { address: . }],
      exec: (if .kind == "lxc" then [$pct, "exec", .id, "--"]
        elif .agent then { command: ["/bin/sh", $self, "exec", .id], streams: false } else null end) }
      | with_entries(select(.value != null))] }' ;;
exec) id=$1; shift
  answer=$(qm guest exec "$id" --pass-stdin 1 --timeout 0 -- "$@") || exit
  printf '%s' "$answer" | jq -j '."err-data" // ""' >&2
  printf '%s' "$answer" | jq -j '."out-data" // ""'
  exit "$(printf '%s' "$answer" | jq '.exitcode // 1')" ;;
start) guests "$1" | jq -r '"\(.kind) \(.id)"' | { read -r kind id && case $kind in lxc) pct start "$id" ;; *) qm start "$id" ;; esac } ;;
esac
