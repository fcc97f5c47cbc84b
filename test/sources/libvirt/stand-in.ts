import { join } from 'node:path';
import { script } from '../../helpers/temp-dir.js';

/** A call of virsh with its words as patterns of sh's case, and what it does then. */
export type VirshCase = readonly [pattern: string, does: string];

/** What virsh 9 to 11 prints when it fails. */
export function refuses(message: string): string {
  return `printf '%s\\n' '${message.replaceAll("'", "'\\''")}' >&2; exit 1`;
}

/** A virsh that keeps its words in `log`, one a line, and has these answers. */
export function standInVirsh(folder: string, log: string, cases: readonly VirshCase[]): void {
  const all = cases.map(([pattern, does]) => `${pattern}) ${does} ;;\n`).join('');
  script(
    join(folder, 'virsh'),
    `printf '%s\\n' "$@" >>'${log}'\nfor last; do :; done\ncase $* in\n${all}esac`,
  );
}

/** An agent that really runs what it is given, by `shell`, and keeps its state in `folder`. */
export function agentCases(folder: string, shell = '/bin/sh'): readonly VirshCase[] {
  const data = (name: string) => `$(base64 -w0 '${folder}/${name}')`;
  return [
    [
      '*guest-exec-status*',
      `if [ -e '${folder}/code' ]
then printf '{"return":{"exitcode":%s,"out-data":"%s","err-data":"%s","exited":true}}\\n' "$(cat '${folder}/code')" "${data('out')}" "${data('err')}"
else echo '{"return":{"exited":false}}'; fi`,
    ],
    [
      '*\'"guest-exec"\'*',
      `rm -f '${folder}/code'
printf %s "$last" | sed 's/^"input-data":"//;s/"}}$//' | base64 -d >'${folder}/in'
case $* in *'"-c"'*) printf '%b' "$(printf %s "$*" | sed 's/.*"sh","//;s/"\\],"capture-output.*//;s/\\\\"/"/g')" >>'${folder}/in' ;; esac
{ ${shell} -s <'${folder}/in' >'${folder}/out' 2>'${folder}/err'; echo $? >'${folder}/code.new'; mv '${folder}/code.new' '${folder}/code'; } >/dev/null 2>&1 &
echo '{"return":{"pid":4242}}'`,
    ],
  ];
}

export interface MachineState {
  readonly state?: string;
  readonly persistent?: 'yes' | 'no';
  readonly saved?: 'yes' | 'no';
}

/** A domain whose devices are in `folder`: `live`, `config`. What is said of it is as virsh 9 prints it. */
export function deviceCases(
  folder: string,
  { state = 'running', persistent = 'yes', saved = 'no' }: MachineState = {},
): readonly VirshCase[] {
  const xml = (file: string) =>
    `printf "<domain type='kvm' id='3'><name>mint</name><uuid>83055167-4a13-0eb1-c290-e328df73ee72</uuid><devices>%s</devices></domain>\\n" "$(cat '${folder}/${file}' 2>/dev/null)"`;
  const info = `Id:             3\\nName:           mint\\nState:          ${state}\\nPersistent:     ${persistent}\\nAutostart:      disable\\nManaged save:   ${saved}`;
  const file = `f=$(printf %s "$*" | sed 's/.*--file //;s/ .*//')`;
  const both = (does: (to: string) => string) =>
    `case $* in *--live*) ${does('live')};; esac; case $* in *--config*) ${does('config')};; esac`;
  return [
    ['*dominfo*', `printf '${info}\\n\\n'`],
    ['*domstate*', `if [ -e '${folder}/off' ]; then echo 'shut off'; else echo '${state}'; fi`],
    ['*dumpxml*--inactive*', xml('config')],
    ['*dumpxml*', xml('live')],
    [
      '*attach-device*',
      `${file}; stat -c %a "$f" >'${folder}/mode'; ${both((to) => `cp "$f" '${folder}/${to}'`)}`,
    ],
    ['*detach-device-alias*ua-vmssh*', both((to) => `rm '${folder}/${to}'`)],
    ['*shutdown*', `: >'${folder}/off'`],
    ['*" start "*', `rm '${folder}/off'`],
    ['*guest-ping*', `echo '{"return":{}}'`],
  ];
}
