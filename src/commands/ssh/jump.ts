import { UsageError } from '../../cli/command.js';
import { asTarget } from '../../kinds/parse.js';
import { splitUser } from '../../lookup/login.js';
import type { SplitArgs, SshTool } from '../../ssh/split-args.js';

/** The jump host in ssh's options; undefined: none. */
export function jumpHost(tool: SshTool, { before, after }: SplitArgs): string | undefined {
  for (const { name, value = '' } of [...before, ...after]) {
    if (tool !== 'rsync' && name === 'J') return value;
    const [, host] = (name === 'o' && /^\s*proxyjump[\s=]+(?!none)(.*)$/is.exec(value)) || [];
    if (host !== undefined) return host;
  }
  return undefined;
}

/** Refuses -J: a machine is reached from this host, not through another one. Throws a UsageError. */
export function refuseJump(tool: SshTool, args: SplitArgs): void {
  const host = jumpHost(tool, args);
  if (host === undefined) return;
  throw new UsageError(
    '-J names a jump host, but a machine is reached from this host',
    `leave it out; to go through a machine: vmssh config install, and then ${tool} -J ${jumpForm(host) ?? 'NAME'}`,
  );
}

/**
 * A target in a form for ssh's own -J, "root@container%%web": a "/" or ":" would begin a port, and ssh puts the host into
 * a ProxyCommand without escaping its percents. Undefined if it is no target, or has no such form.
 */
export function jumpForm(text: string): string | undefined {
  const { user, host } = splitUser(text);
  if (asTarget(host) === undefined || /[:\s]/.test(host)) return undefined;
  const form = host.replaceAll('%%', '%').replaceAll(/[/%]/g, '%%');
  return user === undefined ? form : `${user}@${form}`;
}
