import type { JsonObject } from '../tools/json.js';

/** Why a varlink call gave no answer; `problem` is one clause without a full stop. */
export class VarlinkError extends Error {
  override readonly name = 'VarlinkError';
  /** The service's error name ("io.systemd.Machine.NoSuchMachine"), an errno's name, PROTOCOL or TIMEOUT. */
  readonly code: string;
  readonly problem: string;
  /** The parameters of the service's error; undefined if the error is not the service's. */
  readonly parameters: JsonObject | undefined;

  constructor(code: string, problem: string, parameters?: JsonObject) {
    super(`${code}: ${problem}`);
    this.code = code;
    this.problem = problem;
    this.parameters = parameters;
  }
}
