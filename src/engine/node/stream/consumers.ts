import type { DescriptorStream } from '../../streams.js';

/** All of a stream as text. */
export async function text(stream: DescriptorStream): Promise<string> {
  let all = '';
  stream.setEncoding('utf8');
  for await (const part of stream) all += part.toString();
  return all;
}
