# What an exec route runs in a machine, as `sh -c SCRIPT sh serve`: its sshd, with stdin and stdout as the connection.
# `sh -c SCRIPT sh keys` prints its settings. `sh -c SCRIPT sh why` shows instead what is missing: lines NAME=VALUE, and after "sshd -t" what sshd says of itself.
. ./find-sshd.sh
[ "$1" != serve ] || serve
[ "$1" != keys ] || exec "$sshd" -T ${config:+-f "$config"}
echo "sshd=$sshd"
echo "uid=$(id -u)"
[ -n "$sshd" ] || exit 1
echo 'sshd -t'
exec "$sshd" -t ${config:+-f "$config"} 2>&1
