import { isHostName } from './host-name.js';

/** Why ssh cannot take a text as the host of a hop, one clause; undefined if it can. It is an argument of ssh: never an option. */
export function hopHostProblem(text: string): string | undefined {
  if (text === '') return 'the name of the hypervisor is empty';
  if (text.startsWith('-')) return `the name of a hypervisor cannot begin with "-": ${JSON.stringify(text)}`;
  if (text.includes('@'))
    return `a user does not fit here: ${JSON.stringify(text)}; give its Host a User in ~/.ssh/config`;
  if (!isHostName(text)) return `ssh does not take ${JSON.stringify(text)} as a host`;
  return undefined;
}
