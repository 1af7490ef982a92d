import { isDeepStrictEqual } from 'node:util';

import type { Outcome } from './outcome.ts';

/**
 * What a run with stops did wrong, in sentences: each promise by its name, and then whatever else is not as it was without them.
 * @param calm the outcome of the same scenario without a stop
 */
export function violations(outcome: Outcome, calm: Outcome): readonly string[] {
  const { mails: allMails, ...rest } = outcome;
  const { mails: calmMails, ...calmRest } = calm;
  const keys = Object.keys(rest).filter((key): key is keyof typeof rest => key in rest);
  return [
    ...twice(outcome.writes.filter((write) => write.startsWith('create '))).map(
      (write) => `AIC received it twice: ${write}`,
    ),
    ...twice(outcome.comments.map(({ place, marker }) => `${marker} at ${place}`)).map(
      (comment) => `two comments of one subject: ${comment}`,
    ),
    ...outcome.halfFinished.map((one) => `it is told as if it were not over: ${one}`),
    ...mailsOver(allMails),
    ...differs('mails', names(allMails), names(calmMails)),
    ...keys.flatMap((key) => differs(key, rest[key], calmRest[key])),
  ];
}

function mailsOver(mails: Outcome['mails']): readonly string[] {
  const over = mails.reduce((sum, { times }) => sum + times - 1, 0);
  return over > 1 ? [`${over} mails more than needed: ${JSON.stringify(mails)}`] : [];
}

function names(mails: Outcome['mails']): readonly string[] {
  return mails.map(({ mail }) => mail);
}

function differs(what: string, is: unknown, was: unknown): readonly string[] {
  if (isDeepStrictEqual(is, was)) return [];
  return [`${what}: ${JSON.stringify(is, null, 1)}\n    without a stop: ${JSON.stringify(was, null, 1)}`];
}

function twice(all: readonly string[]): readonly string[] {
  return [...new Set(all.filter((one, index) => all.indexOf(one) !== index))];
}
