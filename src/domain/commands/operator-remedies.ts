import { phrase, words, type Phrase } from '../report/phrase.ts';
import { explain, type Explanation, type Reason } from '../report/reason.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** A failure as the operator is told it, who gives a command and waits for its end: nothing is tried again by itself. */
export function explainToOperator(reason: Reason): Explanation {
  const told = explain(reason);
  return reason.kind === 'upstream' ? { what: told.what, remedy: remedyFor(reason.failure) } : told;
}

function remedyFor({ system, reason, status }: UpstreamFailure): Phrase {
  const setting = system === 'GitLab' ? phrase`${'GITLAB_URL'}` : phrase`${'AIC_URL'}`;
  const secret = system === 'GitLab' ? phrase`${'GITLAB_TOKEN'}` : phrase`${'AIC_API_KEY'}`;
  switch (reason) {
    case 'passing':
      return phrase`Check that ${setting} is right and can be reached from this machine, then run the command again.`;
    case 'denied':
      return status === 401
        ? phrase`Check ${secret}: it may have expired, have been revoked, or belong elsewhere.`
        : rights(system);
    case 'missing':
      return phrase`Check that it exists, that the bot may see it, and that ${setting} is right.`;
    case 'conflict':
      return words('Look whether somebody else is changing it, then run the command again.');
    case 'refused':
    case 'too-large':
    case 'stopped':
      return words('Do as the answer says, then run the command again.');
  }
}

function rights(system: UpstreamFailure['system']): Phrase {
  return system === 'GitLab'
    ? phrase`Give the token the scope ${'api'} and its account the role Maintainer in the project or its group.`
    : words('Give the key access in AIC.');
}
