# shellcheck shell=bash
# For trial and matrix, sourced with their own arguments: fresh systems of Debian below $VMSSH_TRIAL, which is removed at the end.
here=$(cd "$(dirname "$0")" && pwd)
mirror=$(cd "$here/../.." && node --input-type=module -e "console.log((await import('./build/debian-mirror.js')).debianMirror())")
if [ -z "${VMSSH_TRIAL:-}" ]; then
  VMSSH_TRIAL=$(mktemp -d /tmp/vmssh-trial-XXXXXX)
  export VMSSH_TRIAL
  trap 'rm -rf "$VMSSH_TRIAL"' EXIT
  # With a process namespace nothing outlives this script.
  unshare --mount --pid --fork --uts --ipc --mount-proc "$0" "$@"
  exit
fi

debian() { # ROOT SUITE PACKAGES: a fresh system
  mmdebstrap --quiet --mode=root --variant=minbase --include="$3" --aptopt='Acquire::Languages "none"' \
    --dpkgopt=force-unsafe-io --skip=cleanup/apt/lists "$2" "$1" "deb $mirror $2 main"
  chmod 755 "$1"
  # Tests make namespaces in there, which a root that is no mount cannot.
  mount --bind "$1" "$1"
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$1/etc/hosts"
}

inside() { chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "${@:2}"; }
apt_install() { inside "$1" DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${@:2}" >/dev/null 2>&1; }

# ROOT: this machine's Node, as an unpacked one of nodejs.org.
install_node() {
  cp "$(command -v node)" "$1/usr/local/bin/"
  cp -r "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$1/usr/local/lib/npm"
  ln -s ../lib/npm/bin/npm-cli.js "$1/usr/local/bin/npm"
  ln -s ../lib/npm/bin/npx-cli.js "$1/usr/local/bin/npx"
}

trust_mirror() { # ROOT: a mirror within a company has a certificate of its own
  [ -d /usr/local/share/ca-certificates ] || return 0
  cp -r /usr/local/share/ca-certificates "$1/usr/local/share/"
  inside "$1" update-ca-certificates >/dev/null 2>&1
  mkdir -p "$1/usr/local/etc" && echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >"$1/usr/local/etc/npmrc"
}
