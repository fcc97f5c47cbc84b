import { similarTo } from '../typed/names.js';

/** Verbs of managers' programs and of hvc, and what to type instead. */
const verbs: readonly { readonly words: readonly string[]; readonly hint: string }[] = [
  {
    words: ['start', 'up', 'boot', 'run', 'launch', 'create', 'define', 'resume', 'unpause', 'restore'],
    hint: 'vmssh ssh --start NAME starts a machine and logs in; without a login: hvc start NAME or Start-VM NAME, virsh start NAME, machinectl start NAME, limactl start NAME',
  },
  {
    words: [
      ...['stop', 'halt', 'shutdown', 'poweroff', 'kill', 'destroy', 'terminate', 'delete', 'remove', 'rm'],
      ...['undefine', 'suspend', 'pause', 'save', 'snapshot'],
    ],
    hint: 'vmssh stops no machines: hvc stop NAME or Stop-VM NAME, virsh shutdown NAME, machinectl stop NAME, limactl stop NAME',
  },
  {
    words: ['restart', 'reboot', 'reset'],
    hint: 'vmssh stops no machines: hvc restart NAME or Restart-VM NAME, virsh reboot NAME, machinectl reboot NAME; or inside: vmssh ssh NAME sudo reboot',
  },
  {
    words: ['console', 'serial'],
    hint: 'vmssh ssh NAME opens a shell; for the console: hvc console NAME or vmconnect localhost NAME, virsh console NAME, machinectl login NAME',
  },
  {
    words: ['shell', 'exec', 'login', 'enter', 'attach', 'connect', 'session'],
    hint: 'vmssh ssh NAME [COMMAND]',
  },
  { words: ['cp', 'copy', 'copy-to', 'copy-from', 'transfer', 'push', 'pull'], hint: 'vmssh scp FILE NAME:' },
  { words: ['ls', 'ps', 'vms', 'machines', 'status'], hint: 'vmssh list' },
  { words: ['id', 'domuuid'], hint: 'vmssh list NAME -o id' },
  { words: ['state', 'domstate'], hint: 'vmssh list NAME -o status' },
  { words: ['ip', 'domifaddr'], hint: 'vmssh list NAME -o address' },
  { words: ['info', 'show', 'dominfo'], hint: 'vmssh list NAME -o wide, or vmssh check NAME' },
  { words: ['ping', 'test', 'verify'], hint: 'vmssh check NAME' },
  {
    words: ['netcat', 'socat', 'winsocat', 'stdio'],
    hint: 'vmssh nc TARGET [PORT], as in vmssh nc hvsock:GUID:vsock-22; to listen on this host: vmssh forward TARGET PORT',
  },
  { words: ['hvc'], hint: 'leave it out: vmssh nc NAME, vmssh ssh NAME, vmssh list' },
  { words: ['set-up', 'provision', 'copy-id', 'ssh-copy-id'], hint: 'vmssh setup NAME' },
  { words: ['install', 'init', 'config-ssh', 'ssh-config'], hint: 'vmssh config install' },
  { words: ['uninstall'], hint: 'vmssh config uninstall' },
  { words: ['version'], hint: 'vmssh --version' },
];

/** What to type instead of a verb of another tool; undefined if it is none. */
export function insteadOfVerb(word: string): string | undefined {
  return verbs.find(({ words }) => words.includes(word.toLowerCase()))?.hint;
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

/** Verbs that mean the same. */
const synonyms: readonly (readonly string[])[] = [
  ['register', 'install', 'add', 'create', 'new', 'set', 'enable'],
  ['unregister', 'uninstall', 'remove', 'rm', 'delete', 'del', 'disable', 'undo'],
  ['list', 'ls', 'show', 'print', 'query', 'status'],
];

/** The command among `names` that means the same as a word; undefined if none does. */
export function sameAs(word: string, names: readonly string[]): string | undefined {
  const same = synonyms.find((verbs) => verbs.includes(word.toLowerCase())) ?? [];
  const found = names.filter((name) => same.includes(name));
  return found.length === 0 ? undefined : `did you mean ${found.join(' or ')}?`;
}
