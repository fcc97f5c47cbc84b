import type { Io } from '../cli/command.js';
import { fewAtATime } from '../discovery/few-at-a-time.js';
import { type AskOptions, askHost, type HostListing } from './ask.js';

/** How many hypervisors are asked at once: each is an ssh. */
const atOnce = 32;

/** Asks hypervisors side by side. `onAnswer` gets each one's answer as it comes; the result is in the order of `hosts`. */
export function askAll(
  hosts: readonly string[],
  io: Pick<Io, 'env' | 'platform'>,
  options: AskOptions = {},
  onAnswer: (listing: HostListing) => void = () => {},
): Promise<readonly HostListing[]> {
  const ask = async (host: string) => {
    const listing = await askHost(host, io, options);
    onAnswer(listing);
    return listing;
  };
  return fewAtATime(hosts, atOnce, ask, options.signal);
}
