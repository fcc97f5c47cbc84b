import type { ExecEndpoint } from '../../endpoint.js';

/** The code for what a program says, in English; undefined for anything unknown. */
export function codeOfMessage(said: string, { into }: ExecEndpoint): string | undefined {
  const found = messages.find(({ says }) => says.test(said))?.code;
  return found === 'EXEC_NO_SHELL' && into !== 'shell' ? undefined : found;
}

/**
 * Messages of podman, docker, their runtimes (crun, runc), incus, lxc, systemd-run, kubectl and virtctl. The order matters: the first that
 * matches is the cause.
 */
const messages: readonly { readonly code: string; readonly says: RegExp }[] = [
  { code: 'EXEC_NO_PROCESS', says: /resource temporarily unavailable|cannot fork|out of pids/i },
  { code: 'EXEC_NO_AGENT', says: /agent isn't currently running/i },
  {
    code: 'EXEC_NO_SHELL',
    says: /\/bin\/sh[`"']?:?[^\n]*(?:not found|no such file|permission denied)|^Error: Command not found$/im,
  },
  {
    code: 'EXEC_NOT_RUNNING',
    says: /(?:is not|isn't|isn't currently|not) running|container state improper|is paused|in a completed pod|not running \(phase|container not found \(|is frozen/i,
  },
  {
    code: 'EXEC_NO_MACHINE',
    says: /no such container|no container with|(?:instance|machine|project) not found|no machine '|\(NotFound\)|" not found/i,
  },
  {
    code: 'EXEC_NO_RIGHTS',
    says: /permission denied|access denied|\(Forbidden\)|not permitted|needed permissions|authentication required|must be logged in|unauthorized/i,
  },
  {
    code: 'EXEC_NO_SERVICE',
    says: /cannot connect|(?:failed|unable) to connect|connection refused|was refused|doesn't appear to be started|not accessible|host is down/i,
  },
];
