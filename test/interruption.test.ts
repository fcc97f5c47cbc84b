import { describe, expect, it } from 'vitest';
import { abortSignalOf, Interrupter } from '../src/interruption.js';

describe('an interruption', () => {
  it('has the first reason, and tells each listener once', () => {
    const interrupter = new Interrupter();
    const told: unknown[] = [];
    const gone = () => told.push('gone');
    interrupter.addEventListener('abort', () => told.push(interrupter.reason));
    interrupter.addEventListener('abort', gone);
    interrupter.removeEventListener('abort', gone);
    interrupter.throwIfAborted();
    interrupter.abort('first');
    interrupter.abort('second');
    expect(told).toEqual(['first']);
    expect(() => interrupter.throwIfAborted()).toThrow('first');
  });

  it('has an error for a reason if none is given', () => {
    const interrupter = new Interrupter();
    interrupter.abort();
    expect(() => interrupter.throwIfAborted()).toThrow(new Error('interrupted'));
  });
});

describe('an interruption as an AbortSignal', () => {
  it('is the same object if it is one', () => {
    const { signal } = new AbortController();
    expect(abortSignalOf(signal)).toBe(signal);
  });

  it.each(['before', 'after'])('is aborted with its reason, also one from %s', (when) => {
    const interrupter = new Interrupter();
    const reason = new Error('ssh is gone');
    if (when === 'before') interrupter.abort(reason);
    const signal = abortSignalOf(interrupter);
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(signal.aborted).toBe(when === 'before');
    interrupter.abort(reason);
    expect(signal.reason).toBe(reason);
  });
});
