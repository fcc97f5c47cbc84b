import { similarTo } from './names.js';

/** Verbs of managers' programs and of hvc, and what to type instead. */
const verbs: Readonly<Record<string, string>> = {
  'start up boot run launch create define resume unpause restore':
    'vmssh ssh --start NAME starts a machine and logs in; without a login: hvc start NAME or Start-VM NAME, virsh start NAME, machinectl start NAME, limactl start NAME',
  'stop halt shutdown poweroff kill destroy terminate delete remove rm undefine suspend pause save snapshot':
    'vmssh stops no machines: hvc stop NAME or Stop-VM NAME, virsh shutdown NAME, machinectl stop NAME, limactl stop NAME',
  'restart reboot reset':
    'vmssh stops no machines: hvc restart NAME or Restart-VM NAME, virsh reboot NAME, machinectl reboot NAME; or inside: vmssh ssh NAME sudo reboot',
  'console serial':
    'vmssh ssh NAME opens a shell; for the console: hvc console NAME or vmconnect localhost NAME, virsh console NAME, machinectl login NAME',
  'shell exec login enter attach connect session': 'vmssh ssh NAME [COMMAND]',
  'cp copy copy-to copy-from transfer push pull': 'vmssh scp FILE NAME:',
  'ls ps vms machines status': 'vmssh list',
  'id domuuid': 'vmssh list NAME -o id',
  'state domstate': 'vmssh list NAME -o status',
  'ip domifaddr': 'vmssh list NAME -o address',
  'info show dominfo': 'vmssh list NAME -o wide, or vmssh check NAME',
  'ping test verify': 'vmssh check NAME',
  'netcat socat winsocat stdio':
    'vmssh nc TARGET [PORT], as in vmssh nc hvsock:GUID:vsock-22; to listen on this host: vmssh forward TARGET PORT',
  hvc: 'leave it out: vmssh nc NAME, vmssh ssh NAME, vmssh list',
  'set-up provision copy-id ssh-copy-id': 'vmssh setup NAME',
  'install init config-ssh ssh-config': 'vmssh config install',
  uninstall: 'vmssh config uninstall',
  version: 'vmssh --version',
};

/** What to type instead of a verb of another tool; undefined if it is none. */
export function insteadOfVerb(word: string): string | undefined {
  const isOne = ([words]: readonly [string, string]) => words.split(' ').includes(word.toLowerCase());
  return Object.entries(verbs).find(isOne)?.[1];
}

/** What to type instead of a word that is no command of this group; undefined if it is not known. */
export function insteadInGroup(group: string, word: string): string | undefined {
  const undoes = ['uninstall', 'remove', 'undo', 'revert'].includes(word.toLowerCase());
  return group === 'guest' && undoes ? 'vmssh guest install --undo [user@]HOST' : undefined;
}

/** What to type instead of a word that is not one of the commands `names`: our form of a verb, a similar command, or a login. */
export function insteadOf(word: string, names: readonly string[]): string | undefined {
  const verb = insteadOfVerb(word);
  if (verb) return verb;
  const near = similarTo(word, names);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  if (!/^[\w.][\w.%/-]*$/.test(word)) return undefined;
  return `to log in to a machine: vmssh ssh ${word}; for the commands: vmssh --help`;
}

const synonyms: readonly (readonly string[])[] = [
  ['register', 'install', 'add', 'create', 'new', 'set', 'enable'],
  ['unregister', 'uninstall', 'remove', 'rm', 'delete', 'del', 'disable', 'undo'],
  ['list', 'ls', 'show', 'print', 'query', 'status'],
];

/** The command among `names` that means the same as a word; undefined if none does. */
export function sameAs(word: string, names: readonly string[]): string | undefined {
  const same = synonyms.find((verbs) => verbs.includes(word.toLowerCase())) ?? [];
  const words = names.filter((name) => same.includes(name));
  return words.length === 0 ? undefined : `did you mean ${words.join(' or ')}?`;
}
