import { quote } from '../errors.js';
import { type Option, type OptionSpec, UsageError } from './command.js';
import { parsed } from './option.js';

type Choice<C> = Omit<OptionSpec, 'optionalValue' | 'repeats'> & {
  readonly value: string;
  readonly choices: readonly C[];
};

/** An option that takes one of a few values, which completion offers; undefined if it was not given. */
export function oneOf<const C extends string>({ choices, ...spec }: Choice<C>): Option<C | undefined> {
  return parsed({ takes: choices, ...spec }, (typed) => choose(spec.long, 'one', choices, typed));
}

/** An option that takes a comma-separated list of a few values. */
export function listOf<const C extends string>({
  choices,
  ...spec
}: Choice<C>): Option<readonly C[] | undefined> {
  return parsed({ takes: choices, ...spec }, (typed) =>
    typed.split(',').map((word) => choose(spec.long, 'any', choices, word)),
  );
}

/** The typed one of `choices`. Throws a UsageError. */
export function choose<C extends string>(
  long: string,
  howMany: 'one' | 'any',
  choices: readonly C[],
  typed: string,
): C {
  const found = choices.find((each) => each === typed);
  if (found !== undefined) return found;
  throw new UsageError(`--${long} takes ${howMany} of ${choices.join(', ')}, not ${quote(typed)}`);
}
