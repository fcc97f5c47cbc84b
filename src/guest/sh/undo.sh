#!/bin/sh
# vmssh: undoes what the script of vmssh guest print did in this guest.
# Exit codes: 0 all is well, 1 a step failed, 2 it cannot be done here and nothing was changed.

set -u
. ./parts/report.sh
. ./parts/root.sh
. ./parts/files.sh
. ./parts/home.sh
. ./parts/proof.sh
. ./parts/facts.sh
. ./init/init.sh
. ./parts/undo.sh

undo_main() {
  need_root
  undo_all
  drop_proof
  if [ "$faults" -gt 0 ]; then give_up 1; fi
  say 'end' 0 'the set-up by vmssh was undone'
}

undo_main </dev/null
