import type { ChildProcess } from 'node:child_process';
import type { Connection } from '../connection.js';
import { errnoOf } from './errno.js';
import { Inherited } from './inherited.js';
import { afterLastLine } from './last-line.js';
import type { Opener, Use, VsockEndpoint } from './openers.js';
import { Piped } from './piped.js';

export interface ToolStart {
  readonly tool: Opener;
  readonly path: string;
  readonly endpoint: VsockEndpoint;
  readonly use: Use;
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A connection that the tool has opened, an errno, or what the tool said if it could not even try. */
export type Started =
  | { readonly connection: Connection }
  | { readonly code: string }
  | { readonly unusable: string };

/** More is not read from its stderr: a few lines are all that it says. In characters. */
const longest = 4096;

/** Starts the tool and waits until it has the socket, or has failed; `onStart` gets what ends it. */
export function startTool(start: ToolStart, onStart: (end: () => void) => void): Promise<Started> {
  const { tool, path, endpoint, use, timeoutMs } = start;
  const command = [path, ...tool.args(endpoint, Math.max(1, Math.ceil(timeoutMs / 1000)), use)];
  // Translated messages have no errno that can be read.
  const env = { ...start.env, LC_ALL: 'C' };
  const lost = () => listener.code() ?? 'ECONNRESET';
  const connection = new (use === 'pipe' ? Piped : Inherited)(command, endpoint, env, lost);
  connection.note = `, by ${tool.name}`;
  const { child } = connection;
  const listener = listenTo(child, tool);
  onStart(() => connection.close());
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle({ code: 'ETIMEDOUT' }), timeoutMs);
    child.once('error', (error) => settle({ unusable: error.message }));
    child.once('exit', (code, signal) => {
      void afterLastLine(child).then(() => settle(ofEnd(code, signal)));
    });
    listener.onOpen(() => settle({ connection }));
    function ofEnd(code: number | null, signal: NodeJS.Signals | null): Started {
      if (code === 0 && tool.opened === undefined) return { connection };
      const errno = listener.code();
      if (errno !== undefined) return { code: errno };
      return { unusable: listener.said() || `it ended with ${signal ?? `code ${code}`}` };
    }
    function settle(started: Started) {
      clearTimeout(timer);
      if (!('connection' in started)) connection.close();
      resolve(started);
    }
  });
}

interface Listener {
  /** The last errno that it reported. */
  readonly code: () => string | undefined;
  /** The last line that it printed. */
  readonly said: () => string;
  readonly onOpen: (call: () => void) => void;
}

function listenTo({ stderr }: ChildProcess, { opened, failed }: Opener): Listener {
  let text = '';
  let open: (() => void) | undefined;
  let code: string | undefined;
  let said = '';
  stderr?.setEncoding('utf8').on('data', (part: string) => {
    const lines = (text + part).split('\n');
    text = (lines.pop() ?? '').slice(0, longest);
    for (const line of lines) {
      if (line.trim() !== '') said = line.trim();
      code = errnoOf(failed.exec(line)?.[1] ?? '') ?? code;
      if (opened?.test(line)) open?.();
    }
  });
  return {
    code: () => code,
    said: () => said,
    onOpen: (call) => {
      open = call;
    },
  };
}
