import type { Envelope, FailureJson } from '../../cli/json.js';
import type { Placed } from './outcome.js';

/** What `vmssh via push --json` and `via remove --json` print. */
export interface PlaceJson extends Envelope<'via push' | 'via remove'> {
  readonly results: readonly PlacedJson[];
}

/** What happened on one hypervisor. */
export interface PlacedJson {
  readonly host: string;
  readonly ok: boolean;
  readonly outcome?: Placed | undefined;
  readonly error?: FailureJson | undefined;
}
