# What an exec route runs with --bring-sshd, as `sh -c SCRIPT sh bring NAME LOGIN`: the machine's own sshd, or else one that comes on
# stdin, for this connection. NAME is new each time; LOGIN is who logs in, "" for the user who runs this.
. ./find-sshd.sh
uid='' gid=''
while read -r key value _; do
  case $key in
    Uid:) uid=$value ;;
    Gid:) gid=$value ;;
  esac
done 2>/dev/null </proc/self/status
[ -n "$uid" ] || uid=$(id -u) gid=$(id -g)
if [ -n "$sshd" ]; then
  [ "$uid" != 0 ] || serve
  echo 'vmssh has sshd'
  exit
fi
entry=''
while IFS= read -r line || [ -n "$line" ]; do
  rest=${line#*:*:}
  if [ -n "$3" ]; then key=${line%%:*} want=$3; else key=${rest%%:*} want=$uid; fi
  [ "$key" != "$want" ] || { entry=$line && break; }
done 2>/dev/null </etc/passwd
shell=${entry##*:}
case $shell in */nologin | */false) shell='' ;; esac
[ -x "$shell" ] || shell=/bin/sh
missing=''
for tool in mkdir chmod head rm; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
printf '%s\n' 'vmssh bring' "$uid" "$gid" "$(uname -m 2>/dev/null)" "$entry" "$shell" "$missing"
head -c 65536 /proc/self/environ 2>/dev/null
printf '\0end\n'
# Nothing is written if vmssh has a reason against it.
read -r go && [ "$go" = go ] || exit 1
mask=$(umask)
umask 077
# By this name a folder stays the same one, also where another user may rename it and put his own in its place: a volume of Kubernetes
# for /tmp is such. What he puts there before that is not taken, as little as a file that is there.
here=/proc/$$/cwd
set -C
dir=''
trap '[ -z "$dir" ] || clean' EXIT
trap 'exit 1' HUP INT TERM PIPE
# A machine at its limit of processes has none for rm besides this one.
clean() {
  exec rm -rf sshd sshd-session sshd-auth passwd config key log "$dir"
}
own() {
  case $(pwd -P) in */".vmssh-$1") [ -O . ] && chmod 700 . ;; *) false ;; esac
}
for each in /run /dev/shm /tmp; do
  mkdir "$each/.vmssh-$2" || continue
  dir=$each/.vmssh-$2
  # A folder may be full, or no program may run in it.
  if cd -P "$dir" && own "$2"; then
    printf '#!/bin/sh\n' >sshd && chmod 700 sshd && "$here/sshd" && rm sshd && break
    rm -rf sshd
  fi
  cd / && rm -rf "$dir"
  dir=''
done 2>/dev/null
[ -n "$dir" ] || { echo 'no folder' && exit 1; }
echo "$each $$"
# Each is asked for once the one before it is there: `head` may read more than it gives.
for name in sshd sshd-session sshd-auth passwd config key; do
  echo "$name"
  read -r size && head -c "$size" >"$name" || { echo 'no room' && exit 1; }
done 2>/dev/null
chmod 700 sshd sshd-session sshd-auth
echo started
# A shell of its own: it cleans up even if this one is killed.
(
  umask "$mask"
  "$here/sshd" -i -f "$here/config" -E "$here/log" || head -c 1000 log >&2
  clean
)
dir=''
exit 0
