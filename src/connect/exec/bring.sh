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
# for /tmp is such. What he puts there before that is not taken, as little as a file that is there. gVisor lets no child follow it: there a
# sticky folder of root's or our own will do: only its owner renames what is another user's.
runs() {
  here=/proc/$$/cwd
  "$here/sshd" || { is_kept && here=$dir && "$here/sshd"; }
}
is_kept() {
  [ -k "$each" ] && { [ -O "$each" ] || ls -ldn "$each" | { read -r _ _ owner _ && [ "$owner" = 0 ]; }; }
}
set -C
dir=''
trap '[ -z "$dir" ] || clean' EXIT
trap 'exit 1' HUP INT TERM PIPE
# A machine at its limit of processes has none for rm besides this one.
clean() {
  exec rm -rf sshd sshd-session sshd-auth passwd config key log owner "$dir"
}
own() {
  case $(pwd -P) in */".vmssh-$1") [ -O . ] && chmod 700 . ;; *) false ;; esac
}
# Whose a folder is: lines PID START MOUNT, of processes that use it. A pid may be another process's later, which started later, and in a
# volume another container's, whose root is another mount.
{ read -r mount _ </proc/self/mountinfo; } 2>/dev/null
# since PID: when a process started: field 22 of proc(5). The second is the name, which may have blanks.
since() {
  read -r stat <"/proc/$1/stat" || return
  # shellcheck disable=SC2086 # into its fields
  set -- ${stat##*) }
  echo "${20}"
}
mine() {
  read -r pid _ </proc/self/stat && echo "$pid $(since "$pid") $mount" >>owner
}
# Of a container that was stopped, and of what was killed, files stay: those are removed whose processes are all gone.
is_left() {
  [ -f owner ] && [ ! -L owner ] && [ -O owner ] && [ -s owner ] && [ -n "$mount" ] || return
  while read -r pid start where; do
    case $pid$start in '' | *[!0-9]*) return 1 ;; esac
    [ "$where" = "$mount" ] && [ "$(since "$pid")" != "$start" ] || return
  done <owner
}
for old in /run/.vmssh-* /dev/shm/.vmssh-* /tmp/.vmssh-*; do
  [ -d "$old" ] && [ ! -L "$old" ] || continue
  (cd -P "$old" && own "${old##*/.vmssh-}" && is_left &&
    rm -f sshd sshd-session sshd-auth passwd config key log owner && cd / && rmdir "$old")
done 2>/dev/null
for each in /run /dev/shm /tmp; do
  mkdir "$each/.vmssh-$2" || continue
  dir=$each/.vmssh-$2
  # A folder may be full, or no program may run in it.
  if cd -P "$dir" && own "$2" && mine; then
    printf '#!/bin/sh\n' >sshd && chmod 700 sshd && runs && rm sshd && break
    rm -rf sshd owner
  fi
  cd / && rm -rf "$dir"
  dir=''
done 2>/dev/null
[ -n "$dir" ] || { echo 'no folder' && exit 1; }
echo "$each $here"
# Each is asked for once the one before it is there: `head` may read more than it gives.
for name in sshd sshd-session sshd-auth passwd config key; do
  echo "$name"
  read -r size && head -c "$size" >"$name" || { echo "no room $(ulimit -f)" && exit 1; }
done 2>/dev/null
chmod 700 sshd sshd-session sshd-auth
room 4
echo started
# A shell of its own: it cleans up even if this one is killed.
(
  mine
  umask "$mask"
  "$here/sshd" -i -f "$here/config" -E "$here/log" || head -c 1000 log >&2
  clean
)
dir=''
exit 0
