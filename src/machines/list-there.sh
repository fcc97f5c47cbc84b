# What a hypervisor runs for vmssh list --via: the machines there as JSON, behind a marker. Each line ends its own command.
# Arguments: the marker, then options of vmssh list.
m=$1; shift;
PATH=$PATH:${HOME:-/}/.local/bin;
echo "$m";
if command -v vmssh >/dev/null 2>&1; then exec vmssh list --json "$@"; fi;
exit 127
