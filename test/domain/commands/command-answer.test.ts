import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { answerComments, keepAnswer, outcomeAlone } from '../../../src/domain/commands/command-answer.ts';
import { commandLines } from '../../../src/domain/commands/find-commands.ts';
import type { IssueIid, NoteId, UserId } from '../../../src/domain/shared/ids.ts';
import { guardedPlace, threadOf, type Origin } from '../../../src/domain/gitlab/command-origin.ts';
import { placeName } from '../../../src/domain/gitlab/comment-location.ts';
import { phrase } from '../../../src/domain/report/phrase.ts';
import type { Report } from '../../../src/domain/report/report.ts';
import { iid, project } from '../samples.ts';

const onIssue: Origin = {
  on: { kind: 'issue', iid: 7 as IssueIid },
  note: 5 as NoteId,
  discussion: 'd1',
  author: 9 as UserId,
};
const report = (text: string, details = 0): Report => ({
  mood: 'done',
  outcome: phrase`told ${text}`,
  table: undefined,
  remedies: [],
  facts: [],
  details: Array.from({ length: details }, (_, index) => ({
    summary: phrase`${String(index)}`,
    blocks: [{ kind: 'diff', text: `${text}\n${'+ x\n'.repeat(5_000)}` }],
  })),
});
const comments = (answers: Parameters<typeof answerComments>[0], origin = onIssue, isCodeOpen = true) =>
  answerComments(answers, { origin, project: { ...project, isCodeOpen }, level: 30 });
/** GitLab's limit. */
const longest = 1_000_000;
const line = fc.string({ maxLength: 300, unit: 'binary' }).map((text) => `/aic ${text}`);

describe('the answers to the commands of a comment', () => {
  test('are each there, under a heading that is no command, in comments that GitLab takes', () => {
    const answered = fc.array(fc.tuple(line, fc.nat(8)), { minLength: 1, maxLength: 21 });
    fc.assert(
      fc.property(answered, (given) => {
        const kept = given.map(([text, details], index) =>
          keepAnswer(
            { line: text, report: report(`answer ${index}.`, details), isForAll: true },
            given.length,
          ),
        );
        const all = comments(kept);
        const text = all.map(({ body }) => body).join('\n');
        for (const index of given.keys()) expect(text).toContain(`answer ${index}.`);
        for (const { body } of all) expect(body.length).toBeLessThan(longest);
        if (given.length > 1) expect(text.match(/^#### /gm)).toHaveLength(given.length);
        expect(text.split('\n').flatMap((one) => commandLines(one))).toEqual([]);
        expect(new Set(all.map(({ marker }) => marker)).size).toBe(all.length);
      }),
      { numRuns: 60 },
    );
  });

  test('that wait for the last one fit into a row of any store', () => {
    const wide = '漢'.repeat(1_000);
    const huge = {
      ...report('x', 40),
      table: { head: ['a'], rows: Array.from({ length: 400 }, () => [phrase`${wide}`]) },
    };
    for (const count of [2, 5, 20]) {
      const kept = Array.from({ length: count }, () =>
        keepAnswer({ line: `/aic ${wide}`, report: huge, isForAll: true }, count),
      );
      expect(new TextEncoder().encode(JSON.stringify(kept)).length).toBeLessThan(2_000_000);
    }
  });

  test('that are alike are said once, and a single one needs no heading', () => {
    const same = ['/aic a', '/aic b'].map((text) =>
      keepAnswer({ line: text, report: report('same'), isForAll: true }, 2),
    );
    const [only, ...others] = comments(same);
    expect(others).toEqual([]);
    expect(only?.body.match(/same/g)).toHaveLength(1);
    expect(only?.body).not.toContain('####');
    const mixed = [...same, keepAnswer({ line: '/aic c', report: report('other'), isForAll: true }, 3)];
    expect(comments(mixed)[0]?.body).toContain('#### `/aic a`, `/aic b`');
  });

  test('none is no comment, and of a report that stands elsewhere the outcome is left', () => {
    expect(comments([])).toEqual([]);
    expect(outcomeAlone(report('x', 3)).details).toBeUndefined();
  });
});

describe('what shows configs', () => {
  const shown = [keepAnswer({ line: '/aic diff', report: report('x'), isForAll: false }, 1)];
  const notShown = [keepAnswer({ line: '/aic help', report: report('x'), isForAll: true }, 1)];

  test('is internal in an issue where code is not for all, also among others and where GitLab did not say', () => {
    const internal = { kind: 'issue', iid: 7, confidential: true };
    expect(comments(shown, onIssue, false)[0]?.place).toEqual(internal);
    expect(comments([...notShown, ...shown], onIssue, false)[0]?.place).toEqual(internal);
    const unknown = { origin: onIssue, project: undefined, level: undefined };
    expect(answerComments(shown, unknown)[0]?.place).toEqual(internal);
    expect(comments(notShown, onIssue, false)[0]?.place).toEqual(threadOf(onIssue));
    expect(comments(shown, onIssue, true)[0]?.place).toEqual(threadOf(onIssue));
  });

  test('an internal comment is never answered for everybody, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(undefined, 'd1'),
        (isIssue, isCodeOpen, discussion) => {
          const on = isIssue ? onIssue.on : ({ kind: 'merge-request', iid: iid(3) } as const);
          const origin = { ...onIssue, on, discussion, confidential: true } as const;
          expect(threadOf(origin)).toMatchObject({ confidential: true });
          expect(guardedPlace(origin, isCodeOpen)).toMatchObject({ confidential: true });
        },
      ),
    );
  });

  test('stands in another place than the thread and than what is for everybody', () => {
    const { discussion: _thread, ...beside } = threadOf(onIssue);
    const places = [threadOf(onIssue), beside, guardedPlace(onIssue, false)];
    expect(new Set(places.map(placeName)).size).toBe(3);
  });
});
