import { request } from 'node:http';
import { DiscoveryError } from './discovery-error.js';
import type { Deps } from './provider.js';

/** Asks an HTTP service on a unix socket and resolves to its JSON. Throws a DiscoveryError. */
export type GetJson = (socketPath: string, path: string, deps: Deps) => Promise<unknown>;

export const getJson: GetJson = (socketPath, path, deps) => {
  return new Promise((resolve, reject) => {
    const fail = (code: string, problem: string, cause?: unknown) =>
      reject(new DiscoveryError(code, `${socketPath}: ${problem}`, { cause }));
    const asked = request(
      {
        socketPath,
        path,
        headers: { host: 'localhost', accept: 'application/json' },
        signal: deps.signal,
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          if (text.length > longest) asked.destroy(new Error('the answer has no end'));
        });
        response.once('end', () => {
          if (response.statusCode !== 200)
            return fail('FAILED', `GET ${path} gave status ${response.statusCode}`);
          try {
            resolve(JSON.parse(text));
          } catch (error) {
            fail('PROTOCOL', `GET ${path} gave no JSON`, error);
          }
        });
        response.once('error', (error) => fail('EIO', error.message, error));
      },
    );
    asked.setTimeout(deps.timeoutMs ?? 0, () => asked.destroy(new DiscoveryError('TIMEOUT', 'no answer')));
    asked.once('error', (error: NodeJS.ErrnoException) => {
      fail(error.name === 'AbortError' ? 'TIMEOUT' : (error.code ?? 'EIO'), error.message, error);
    });
    asked.end();
  });
};

/** Characters. */
const longest = 64 << 20;
