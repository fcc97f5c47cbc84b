import { spawn } from 'node:child_process';

// A tar stream of one name in a folder, and a promise that it was made without an error.
export function pack(folder, name) {
  const child = spawn('tar', ['-C', folder, '-chf', '-', name], { stdio: ['ignore', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (part) => {
    words += part;
  });
  const packed = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`tar of ${folder}/${name}: ${words}`)),
    );
  });
  return { archive: child.stdout, packed };
}
