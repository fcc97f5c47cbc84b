#!/bin/bash
# cluster.sh: pods of containerd made of the guest's own files, and cluster.js in place of a cluster. web-0 has an sshd that nobody runs, with host
# keys; bare has none, and none has not even a shell. ~/.kube has kubectl's files for the cluster of each port, and for one that is down.
set -euo pipefail
here=$(realpath "$(dirname "$0")")
image=/vm/image

. "$here/../own-root.sh"

# What `docker save` writes: one layer, and what describes it.
as_image() {
  tar -C "$image" -cf layer.tar .
  printf '[{"Config":"config.json","RepoTags":["localhost/%s:1"],"Layers":["layer.tar"]}]' "$1" >manifest.json
  printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/sleep","infinity"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(sha256sum <layer.tar | cut -d ' ' -f 1)" >config.json
  tar -c manifest.json config.json layer.tar | ctr --namespace=k8s.io images import - >/dev/null
}

cd "$(mktemp -d)"
printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "localhost/own:1"\n' >/etc/containerd/config.toml
systemctl restart containerd
make_root
add_base
as_image bare
add_sshd
as_image own
rm -r "$image"
install -D /usr/bin/busybox "$image/bin/sleep"
as_image none
rm -r "$image"

systemd-run --quiet --unit=cluster node "$here/cluster.js"
mkdir -p ~/.kube
for each in config:8001 old:8002 down:8003; do
  printf '{"clusters":[{"name":"own","cluster":{"server":"http://127.0.0.1:%s"}}],"current-context":"own",
    "contexts":[{"name":"own","context":{"cluster":"own","namespace":"lab"}}]}' "${each#*:}" >~/.kube/"${each%:*}"
done
until systemctl is-active --quiet cluster && kubectl get pods 2>/dev/null; do sleep 1; done
