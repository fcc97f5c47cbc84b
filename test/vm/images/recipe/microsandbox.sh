#!/bin/bash
# microsandbox.sh FOLDER: microsandbox by npm, and of Debian jq with its libraries and BusyBox. Needs MIRROR in the environment. Leaves in
# FOLDER: usr/, to be put into a trixie guest, with bin/msb; root/, the system of a sandbox
set -euo pipefail
folder=$1
package=microsandbox-linux-x64-gnu version=0.6.18
sum=6fd32efadbb556ae34edcf2cafbb1c34ec41806a495ff667778346150fc3c78e124ba6c7537a6350401db28dc8a440760b1f67ac6201b4175a46b570d6ba3eeb

mmdebstrap --mode=root --variant=extract --include=jq,busybox-static --aptopt='Acquire::Languages "none"' \
  trixie "$folder/debian" "deb $MIRROR trixie main"
mkdir -p "$folder"/usr/{bin,lib} "$folder"/root/{bin,dev,etc,proc,root,run,sys,tmp}
cp "$folder/debian/usr/bin/jq" "$folder/usr/bin/"
cp -L "$folder"/debian/usr/lib/x86_64-linux-gnu/lib{jq,onig}.so.? "$folder/usr/lib/"
cp "$folder/debian/usr/bin/busybox" "$folder/root/bin/"
for name in $("$folder/root/bin/busybox" --list); do [ "$name" = busybox ] || ln -s busybox "$folder/root/bin/$name"; done
echo root:x:0:0:root:/root:/bin/sh > "$folder/root/etc/passwd"
rm -rf "$folder/debian"

npm pack --silent --pack-destination "$folder" "@superradcompany/$package@$version" > /dev/null
echo "$sum  $folder/superradcompany-$package-$version.tgz" | sha512sum --check --quiet
tar -xzf "$folder/superradcompany-$package-$version.tgz" -C "$folder/usr" --strip-components=1 package/bin package/lib
rm "$folder/superradcompany-$package-$version.tgz"
