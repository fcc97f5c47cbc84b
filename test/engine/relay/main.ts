import { load, type NativeError } from 'node-hvsock-native';

/**
 * Run by the engine: main PATH LINGER_MS AFTER_MS [ignore|free] relays stdin and stdout, and prints the result or the error
 * as JSON to stderr. After AFTER_MS it frees the engine.
 */
const [path = '', lingerMs, afterMs, interrupts] = process.argv.slice(2);
const addon = load();
const handle = await addon.connect({ family: 'unix', path }, 20_000).promise;
try {
  const handOff = {
    afterMs: Number(afterMs),
    title: 'a session',
    onFailure: [
      'lost: ',
      'fix: ',
      'EPIPE ECONNRESET',
      'it broke',
      'look',
      'EBADF',
      'no file',
      '',
      '',
      'other',
      '',
    ],
    ignoreInterrupts: interrupts === 'ignore',
    confined: interrupts !== 'free',
  };
  const result = await addon.relay(handle, 0, 1, { lingerMs: Number(lingerMs), handOff });
  console.error(JSON.stringify(result));
} catch (error) {
  const { code, syscall } = error as NativeError;
  console.error(JSON.stringify({ code, syscall }));
}
