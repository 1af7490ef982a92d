import type { Discount, Discounted } from './approval.ts';
import type { Missing } from './gate.ts';
import type { Wait } from './held.ts';
import type { Requirement } from '../../mapping/mapping.ts';
import type { Provenance } from './provenance.ts';
import { joined, phrase, words, type Phrase } from '../../report/phrase.ts';

const mostNamed = 5;

/** Such as `!5 lacks a successful pipeline; c0ffee00 was pushed without a merge request`. */
export function waitsText(waits: readonly Wait[]): Phrase {
  return joined(
    waits.slice(0, mostNamed).map((wait) => waitText(wait)),
    '; ',
  );
}

function waitText(wait: Wait): Phrase {
  switch (wait.kind) {
    case 'request':
      return [`!${wait.mergeRequest} lacks `, ...missingText(wait.missing)];
    case 'direct-push':
      return [...phrase`${wait.commit.slice(0, 8)}`, ' was pushed without a merge request'];
    case 'unknown':
      return words('GitLab does not tell which merge requests its content came from');
    case 'freeze':
      return words('a deploy freeze began before it was its turn');
    case 'unclear-freeze':
      return words('a deploy freeze of the project cannot be read, and may have begun');
  }
}

/** What somebody waits for who came from there, before it is known what each lacks. */
export function originText({ mergeRequests, directPushes, isUnknown }: Provenance): Phrase {
  const origins = [
    ...mergeRequests.map((iid) => words(`a review of !${iid}`)),
    ...directPushes.map((commit): Phrase => [
      'force, since ',
      ...phrase`${commit.slice(0, 8)}`,
      ' was pushed without a merge request',
    ]),
    ...(isUnknown ? [words('force, since GitLab does not tell what its content came from')] : []),
  ];
  return joined(origins.slice(0, mostNamed), '; ');
}

/** What ends the waiting. Nobody can review what came without a merge request. */
export function waitsRemedy(waits: readonly Wait[]): Phrase {
  const force = phrase`${'/aic deploy PIPELINE force reason="…"'}`;
  if (waits.every(({ kind }) => kind === 'freeze'))
    return words('Just wait: the bot deploys it by itself once the freeze is over.');
  if (waits.some(({ kind }) => kind === 'unclear-freeze'))
    return words(
      'Correct the deploy freezes of the project (Settings, CI/CD, Deploy freezes): the bot deploys it by itself then.',
    );
  const isReviewable = waits.every(({ kind }) => kind === 'request' || kind === 'freeze');
  return isReviewable
    ? [
        'Deployment starts automatically within 15 minutes of these being met. To deploy without: ',
        ...force,
        ', which also overwrites changes made outside Git.',
      ]
    : [
        'The mapping file requires a review, which this cannot get: deploy it with ',
        ...force,
        ', which also overwrites changes made outside Git.',
      ];
}

export function missingText(its: readonly Missing[]): Phrase {
  return joined(
    its.map(({ requirement, discounted }) => [
      ...words(texts[requirement]),
      ...(discounted.length === 0
        ? []
        : [' (', ...joined(discounted.slice(0, mostNamed).map(discountedText), '; '), ')']),
    ]),
    ', ',
  );
}

function discountedText({ username, why }: Discounted): Phrase {
  return [...phrase`${username}: `, ...words(discounts[why])];
}

const texts: Readonly<Record<Requirement, string>> = {
  approved: 'an approval that counts, by somebody else than those who made it',
  pipeline: 'a successful pipeline with a job of its own',
  no_unresolved: 'an end of its unresolved threads',
};

const discounts: Readonly<Record<Discount, string>> = {
  bot: 'is the bot',
  author: 'opened the merge request',
  asker: 'asked the bot for what is in it',
  'unknown-asker': 'may have asked the bot for it, which is not on record: only force deploys it',
  'no-developer': 'has not the role Developer in the project',
  pushed: 'pushed commits of it',
  'unknown-pushers': 'may have pushed commits of it: GitLab does not show who did. Only force deploys it',
  'in-commits': 'is named in its commits',
  earlier: 'approved before its last change; revoke the approval, and approve again',
  'unknown-time': 'approved at a time that GitLab does not tell',
  token: 'is the account of an access token, behind which anybody may stand',
  'behind-token':
    'may stand behind the access token that made it; a second approval counts, or one by somebody below Maintainer',
};
