import { hasControlCharacter } from './control-character.js';

/**
 * The name of a login user, if ssh accepts it: as an argument it must not be an option, and it must be safe in a shell,
 * since an ssh_config may use %r in a command (valid_ruser in OpenSSH's ssh.c). Throws a RangeError.
 */
export function checkUserName(name: string): string {
  const problem = problemOf(name);
  if (problem === undefined) return name;
  throw new RangeError(`the user name ${JSON.stringify(name)} ${problem}; ssh refuses it too`);
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('-')) return 'begins with "-"';
  if (hasControlCharacter(name)) return 'contains a control character';
  const [found] = /['`";&<>|(){}]/.exec(name) ?? [];
  if (found !== undefined) return `contains ${found}`;
  if (/\s-/.test(name)) return 'contains a "-" after a blank';
  return name.endsWith('\\') ? 'ends in "\\"' : undefined;
}
