import { knownOptions } from '../../known-options.js';
import { abortError } from '../../stream-sides.js';

interface Options {
  readonly signal?: AbortSignal;
}

function wait<T = void>(ms?: number, value?: T, options: Options = {}): Promise<T> {
  const { signal } = knownOptions('setTimeout', options, ['signal']);
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(abortError(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value as T);
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
  });
}

export { wait as setTimeout };
