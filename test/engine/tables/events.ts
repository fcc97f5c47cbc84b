import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { abortedSignal, casesOf, failure } from './case.js';

export const events = casesOf({
  'a recursion without end': {
    run: () => {
      const deeper = (depth: number): number => deeper(depth + 1) + 1;
      try {
        return deeper(0);
      } catch (error) {
        return error instanceof Error;
      }
    },
    want: true,
  },
  'listeners in their order': {
    run: () => {
      const heard: unknown[] = [];
      const emitter = new EventEmitter();
      const third = (value: number) => heard.push(['third', value]);
      emitter.on('x', (value) => heard.push(['first', value])).once('x', () => heard.push('once'));
      emitter.prependListener('x', () => heard.push('before')).on('x', third);
      const results = [emitter.emit('x', 1), emitter.listenerCount('x')];
      emitter.off('x', third);
      return [...results, emitter.emit('x', 2), emitter.emit('y'), heard];
    },
    want: [true, 3, true, false, ['before', ['first', 1], 'once', ['third', 1], 'before', ['first', 2]]],
  },
  'a listener that takes itself back': {
    run: () => {
      const heard: string[] = [];
      const emitter = new EventEmitter();
      const first = () => {
        heard.push('first');
        emitter.off('x', first);
      };
      emitter.on('x', first).on('x', () => heard.push('second'));
      emitter.emit('x');
      emitter.emit('x');
      return heard;
    },
    want: ['first', 'second', 'second'],
  },
  'an error without a listener': {
    run: () => failure(() => new EventEmitter().emit('error', Object.assign(new Error('x'), { code: 'EX' }))),
    want: 'EX',
  },
  'an error that is not an Error': {
    run: () => failure(() => new EventEmitter().emit('error', 'text')),
    want: 'ERR_UNHANDLED_ERROR',
  },
  'one listener, once and for good': {
    run: () => {
      const emitter = new EventEmitter();
      let count = 0;
      const listener = () => ++count;
      emitter.once('x', listener).on('x', listener);
      const counts = [1, 2, 3].map(() => {
        emitter.emit('x');
        return count;
      });
      return [counts, emitter.listenerCount('x')];
    },
    want: [[2, 3, 4], 1],
  },
  'a listener that was added twice, and taken back once': {
    run: () => {
      const emitter = new EventEmitter();
      const heard: string[] = [];
      const twice = () => heard.push('twice');
      emitter
        .on('x', twice)
        .on('x', () => heard.push('between'))
        .on('x', twice)
        .off('x', twice);
      emitter.emit('x');
      return heard;
    },
    want: ['twice', 'between'],
  },
  'listeners that are added and taken back meanwhile': {
    run: () => {
      const emitter = new EventEmitter();
      const heard: string[] = [];
      const last = () => heard.push('last');
      emitter.on('x', () => {
        emitter.on('x', () => heard.push('added')).off('x', last);
      });
      emitter.on('x', last);
      emitter.emit('x');
      return heard;
    },
    want: ['last'],
  },
  'a listener that throws': {
    run: async () => {
      const emitter = new EventEmitter();
      const heard: string[] = [];
      emitter.once('x', () => {
        throw Object.assign(new Error('x'), { code: 'EX' });
      });
      emitter.on('x', () => heard.push('second'));
      return [await failure(() => emitter.emit('x')), emitter.emit('x'), heard];
    },
    want: ['EX', true, ['second']],
  },
  'once as a promise': {
    run: () => {
      const emitter = new EventEmitter();
      const event = once(emitter, 'x');
      emitter.emit('x', 1, 2);
      return event;
    },
    want: [1, 2],
  },
  'once, and an error before': {
    run: () => {
      const emitter = new EventEmitter();
      const event = failure(() => once(emitter, 'x'));
      emitter.emit('error', Object.assign(new Error('x'), { code: 'EX' }));
      return event;
    },
    want: 'EX',
  },
  'timers and promises in their order': {
    run: () =>
      new Promise((resolve) => {
        const order: string[] = [];
        setTimeout((word: string) => order.push(word), 1, 'timer');
        clearTimeout(setTimeout(() => order.push('cleared'), 1));
        // Begun only then: after a pause of the process a timer of 5 that was begun first could be the first to end.
        setTimeout(() => setTimeout(() => resolve(order), 5), 1);
        clearImmediate(setImmediate(() => order.push('cleared')));
        void Promise.resolve().then(() => order.push('promise'));
        order.push('now');
      }),
    want: ['now', 'promise', 'timer'],
  },
  'an interval': {
    run: () =>
      new Promise((resolve) => {
        let count = 0;
        const timer = setInterval(() => {
          if (++count < 3) return;
          clearInterval(timer);
          resolve(count);
        }, 1);
      }),
    want: 3,
  },
  'a delay that is aborted': {
    run: async () => {
      const controller = new AbortController();
      const waiting = failure(() => delay(60_000, undefined, { signal: controller.signal }));
      controller.abort();
      return [await waiting, await delay(1, 'value')];
    },
    want: ['ABORT_ERR', 'value'],
  },
  'abort signals': {
    run: () => {
      const heard: string[] = [];
      const controller = new AbortController();
      const any = AbortSignal.any([new AbortController().signal, controller.signal]);
      any.addEventListener('abort', () => heard.push('any'));
      const removed = () => heard.push('removed');
      controller.signal.addEventListener('abort', removed);
      controller.signal.removeEventListener('abort', removed);
      controller.abort('why');
      controller.abort('again');
      return [heard, any.aborted, any.reason, (abortedSignal().reason as Error).name];
    },
    want: [['any'], true, 'why', 'AbortError'],
  },
  'a signal that throws': {
    run: () => failure(() => abortedSignal(Object.assign(new Error('x'), { code: 'EX' })).throwIfAborted()),
    want: 'EX',
  },
});
