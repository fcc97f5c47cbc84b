import { knownOptions } from '../../known-options.js';

interface Options {
  readonly signal?: AbortSignal;
}

/** Resolves to `value` after `ms`; rejects with an AbortError. */
function wait<T = void>(ms?: number, value?: T, options: Options = {}): Promise<T> {
  const { signal } = knownOptions('setTimeout', options, ['signal']);
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      const error = new Error('The operation was aborted', { cause: signal?.reason });
      reject(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
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
