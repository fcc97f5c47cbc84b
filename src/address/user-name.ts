import { hasControlCharacter } from './control-character.js';

/**
 * The name of a user to log in as, if ssh takes it: as an argument it must be no option, and a shell that reads %r in
 * somebody's ssh_config must find nothing of its own in it (valid_ruser in OpenSSH's ssh.c). Throws a RangeError.
 */
export function checkUserName(name: string): string {
  const problem = problemOf(name);
  if (problem === undefined) return name;
  throw new RangeError(`the user name ${JSON.stringify(name)} ${problem}; ssh refuses that, too`);
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('-')) return 'begins with "-"';
  if (hasControlCharacter(name)) return 'holds a control character';
  const [found] = /['`";&<>|(){}]/.exec(name) ?? [];
  if (found !== undefined) return `holds ${found}`;
  if (/\s-/.test(name)) return 'holds a "-" after a blank';
  return name.endsWith('\\') ? 'ends in "\\"' : undefined;
}
