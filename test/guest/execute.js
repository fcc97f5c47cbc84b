import { spawn } from 'node:child_process';

// Runs a program to its end, in a process group of its own that the deadline (seconds) or our own end takes along.
// Gives { code, stdout, stderr }; a code other than 0 throws unless allowFailure.
export async function execute(program, args, options = {}) {
  const { input, env, timeout = 60, allowFailure = false, words = `${program} ${args.join(' ')}` } = options;
  const child = spawn(program, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const end = () => killGroup(child.pid);
  process.once('exit', end);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, timeout * 1000);
  try {
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise((resolve, reject) => child.once('error', reject).once('close', (c, s) => resolve(c ?? s))),
      feed(child.stdin, input),
    ]);
    if (late) throw new Error(`${words}: not done after ${timeout} s\n${tail(stderr || stdout)}`);
    if (code !== 0 && !allowFailure) throw new Error(`${words}: exit ${code}\n${tail(stderr || stdout)}`);
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    process.removeListener('exit', end);
  }
}

// The last lines of a text, for an error message.
export function tail(text, lines = 20) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

export function killGroup(pid, signal = 'SIGKILL') {
  try {
    if (pid) process.kill(-pid, signal);
  } catch {
    // already gone
  }
}

async function text(stream) {
  let all = '';
  for await (const part of stream.setEncoding('utf8')) all += part;
  return all;
}

// input: text, bytes, a readable stream, or nothing.
function feed(stdin, input) {
  stdin.on('error', () => {}); // a program may end without reading it all
  if (typeof input?.pipe === 'function') input.pipe(stdin);
  else stdin.end(input);
}
