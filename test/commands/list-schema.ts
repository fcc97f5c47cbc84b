import { z } from 'zod';
import type { ListJson } from '../../src/commands/list-format.js';

const machine = z
  .strictObject({
    status: z
      .enum(['running', 'starting', 'stopping', 'paused', 'saved', 'off', 'unknown'])
      .describe('"unknown": traces of a machine that may be gone'),
    name: z.string().describe('as its manager has it; names need not be unique'),
    slug: z.string().describe('the name as ssh takes it for a host; may be empty'),
    target: z.string().describe('what to type after ssh'),
    provider: z.string().describe('who knows it'),
    also: z.array(z.string()).describe('targets of the same machine by other providers'),
    cid: z.int().min(0).max(0xfffffffe).optional().describe('its vsock CID'),
    uuid: z.string().optional().describe('in the 8-4-4-4-12 form; a machine id of systemd too'),
    address: z
      .string()
      .optional()
      .describe('where its SSH server is: vsock/42, vsock-mux/PATH, an IP address, HOST:PORT'),
    user: z.string().optional().describe('the user that its manager made for logging in'),
    identityFile: z.string().optional().describe('the private key that its manager made for logging in'),
  })
  .describe('a machine');

const warning = z
  .strictObject({
    provider: z.string(),
    code: z
      .string()
      .describe("an errno's name, a service's error name, FAILED, PROTOCOL, TIMEOUT or CID_TWICE"),
    problem: z.string(),
  })
  .describe('what could not be asked, or is wrong');

/** The shape of `vmssh list --json`, from which docs/list.schema.json is made. */
export const listSchema = z
  .strictObject({ version: z.literal(1), machines: z.array(machine), warnings: z.array(warning) })
  .describe('vmssh list --json');

/** The JSON Schema of docs/: it allows more fields, since a later vmssh may add some. */
export function jsonSchema(): unknown {
  const strict = JSON.stringify(z.toJSONSchema(listSchema));
  return JSON.parse(strict, (key, value) => (key === 'additionalProperties' ? undefined : value));
}

// The program's own type and the schema say the same.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
export const same: Same<Mutable<ListJson>, z.infer<typeof listSchema>> = true;
