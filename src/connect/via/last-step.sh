# What a hypervisor runs for vmssh: it connects stdin and stdout to a machine by the best tool there is. The lines are
# joined into one, so each ends its own command. Arguments: the marker that begins its answer, the target, the port, seconds
# for the connect, "unix", "vsock" or "", the path or CID, the other reading of the path, whether socat takes them as they
# are, the Python program, and options for vmssh if the machine may be started.
m=$1; t=$2; p=$3; s=$4; k=$5; a=$6; b=$7; w=$8; y=$9; g=${10-};
PATH=$PATH:${HOME:-/}/.local/bin;
answer() { echo "$m $*"; };
refuse() { answer "$@"; exit 1; };
has() { command -v "$1" >/dev/null 2>&1; };
if has vmssh; then exec vmssh nc --pipe --timeout="$s" $g --ready="$m" -- "$t" "$p"; fi;
case $k in unix|vsock) ;; *) refuse no-vmssh ;; esac;
if [ "$k" = unix ]; then
if [ -n "$b" ] && [ ! -e "$a" ]; then a=$b; fi;
[ -e "$a" ] || refuse errno ENOENT;
[ -S "$a" ] || refuse errno ECONNREFUSED;
[ -w "$a" ] || refuse errno EACCES;
fi;
if has python3; then exec python3 -I -S -c "$y" "$m" "$k" "$a" "$p" "$s"; fi;
if [ -n "$w" ] && has socat; then
answer by socat;
if [ "$k" = unix ]; then exec socat -t 10 - "UNIX-CONNECT:$a"; fi;
exec socat -t 10 - "VSOCK-CONNECT:$a:$p";
fi;
if has ncat; then
answer by ncat;
if [ "$k" = unix ]; then exec ncat -U "$a"; fi;
exec ncat --vsock "$a" "$p";
fi;
if [ "$a" = "$b" ]; then refuse no-tool other; fi;
refuse no-tool
