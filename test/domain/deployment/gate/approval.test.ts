import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  judgeApprovals,
  type Approval,
  type ApprovalFacts,
  type Approver,
  type Discount,
  type RequestAsker,
} from '../../../../src/domain/deployment/gate/approval.ts';
import type { UserId } from '../../../../src/domain/shared/ids.ts';

const id = (number: number) => number as UserId;
const rita: Approver = {
  id: id(2),
  username: 'rita',
  name: 'Rita Review',
  email: 'rita@example.com',
  isDeveloper: true,
  isMaintainer: false,
};
const given = (by: Partial<Approver> = {}, at: number | undefined = 20): Approval => ({
  by: { ...rita, ...by },
  at,
});
const facts: ApprovalFacts = {
  author: id(1),
  bot: id(9),
  isApproved: true,
  approvals: [given()],
  contentSince: 10,
  pushers: [id(1)],
  isByToken: false,
  required: 1,
  named: [{ name: 'Dana', email: 'dana@example.com' }],
  orderedBy: [],
};
const dana: RequestAsker = { id: id(3), username: 'dana' };

function why(change: Partial<ApprovalFacts>, askers: readonly RequestAsker[] = []): Discount | undefined {
  return judgeApprovals({ ...facts, ...change }, askers).discounted[0]?.why;
}

describe('an approval', () => {
  test.each<readonly [string, Partial<ApprovalFacts>, readonly RequestAsker[]]>([
    ['after the last change, by a developer who made none of it', {}, []],
    ['of what an access token made, by somebody who can make none', { isByToken: true }, []],
    [
      'of what an access token made, by two who can make one',
      {
        isByToken: true,
        approvals: [
          given({ isMaintainer: true }),
          given({ id: id(4), username: 'sam', name: 'Sam', email: 'sam@x', isMaintainer: true }),
        ],
      },
      [],
    ],
    ['of what the bot opened, by somebody else than who asked for it', { author: id(9) }, [dana]],
  ])('counts %s', (_what, change, askers) => {
    expect(judgeApprovals({ ...facts, ...change }, askers)).toEqual({ isApproved: true, discounted: [] });
  });

  test.each<readonly [Discount, string, Partial<ApprovalFacts>, readonly RequestAsker[]]>([
    ['author', 'by who opened the merge request', { author: id(2) }, []],
    ['author', 'where GitLab does not tell who opened it', { author: undefined }, []],
    ['bot', 'by the bot', { bot: id(2) }, []],
    ['asker', 'by who asked the bot for it', { author: id(9) }, [dana, { id: id(2), username: 'rita' }]],
    ['asker', 'by who asked as an operator', { author: id(9) }, [{ id: undefined, username: 'rita' }]],
    ['asker', 'by who had the bot push what is in it', { orderedBy: ['rita'] }, []],
    ['unknown-asker', 'of what the bot opened for nobody knows whom', { author: id(9) }, []],
    ['no-developer', 'by somebody without the rights', { approvals: [given({ isDeveloper: false })] }, []],
    ['pushed', 'by who pushed a commit under another name', { pushers: [id(1), id(2)] }, []],
    ['unknown-pushers', 'where GitLab does not show who pushed', { pushers: undefined }, []],
    [
      'in-commits',
      'by who stands in a commit by name',
      { named: [{ name: 'rita review ', email: 'x@y' }] },
      [],
    ],
    ['in-commits', 'by address', { named: [{ name: 'R', email: 'Rita@Example.com' }] }, []],
    [
      'in-commits',
      "by GitLab's hidden address",
      { named: [{ name: 'R', email: '2-r@users.noreply.x' }] },
      [],
    ],
    ['token', 'by an access token', { approvals: [given({ username: 'project_1_bot_0a' })] }, []],
    [
      'token',
      'by the account that has what revoked ones did',
      { approvals: [given({ username: 'ghost1' })] },
      [],
    ],
    [
      'behind-token',
      'of what an access token made, by one alone who can make one',
      { isByToken: true, approvals: [given({ isMaintainer: true })] },
      [],
    ],
    [
      'behind-token',
      'of what the bot opened for an access token, by one alone who can make one',
      { author: id(9), approvals: [given({ isMaintainer: true })] },
      [{ id: id(7), username: 'project_1_bot_0a' }],
    ],
    ['earlier', 'before the last change', { approvals: [given({}, 5)] }, []],
    ['earlier', 'in the same moment', { approvals: [given({}, 10)] }, []],
    ['unknown-time', 'at a time that nobody knows', { approvals: [{ by: rita, at: undefined }] }, []],
    ['unknown-time', 'of content that came nobody knows when', { contentSince: undefined }, []],
  ])('does not count (%s) %s', (discount, _what, change, askers) => {
    expect(why(change, askers)).toBe(discount);
    expect(judgeApprovals({ ...facts, ...change }, askers).isApproved).toBe(false);
  });

  test("is not enough where GitLab's own rules want more", () => {
    expect(judgeApprovals({ ...facts, isApproved: false }, []).isApproved).toBe(false);
    expect(judgeApprovals({ ...facts, isApproved: undefined }, []).isApproved).toBe(true);
  });

  test('is not enough where one that does not count makes up the number', () => {
    const own = given({ id: id(1), username: 'dana', name: 'Dana', email: 'dana@example.com' });
    const sam = given({ id: id(4), username: 'sam', name: 'Sam', email: 'sam@example.com' });
    const judge = (approvals: readonly Approval[]) =>
      judgeApprovals({ ...facts, required: 2, approvals }, []).isApproved;
    expect(judge([given(), own])).toBe(false);
    expect(judge([given(), own, sam])).toBe(true);
  });

  test('never comes to count by what somebody writes into commits, nor by more people who asked or pushed', () => {
    const person = fc.constantFrom(1, 2, 3, 9).map(id);
    const approvals = fc.array(
      fc.record({
        by: fc.record({
          id: person,
          username: fc.constantFrom('rita', 'dana', 'omar'),
          name: fc.string(),
          email: fc.option(fc.emailAddress(), { nil: undefined }),
          isDeveloper: fc.boolean(),
          isMaintainer: fc.boolean(),
        }),
        at: fc.option(fc.nat(30), { nil: undefined }),
      }),
    );
    const anything = fc.record({
      author: fc.option(person, { nil: undefined }),
      bot: fc.constant(id(9)),
      isApproved: fc.option(fc.boolean(), { nil: undefined }),
      approvals,
      contentSince: fc.option(fc.nat(30), { nil: undefined }),
      pushers: fc.array(person),
      isByToken: fc.boolean(),
      required: fc.nat(2),
      named: fc.array(fc.record({ name: fc.string(), email: fc.string() })),
      orderedBy: fc.array(fc.constantFrom('rita', 'dana')),
    });
    const asker = fc.record({
      id: fc.option(person, { nil: undefined }),
      username: fc.constantFrom('rita', 'dana'),
    });
    fc.assert(
      fc.property(
        anything,
        fc.array(asker, { minLength: 1 }),
        fc.array(asker),
        anything,
        (one, askers, more, other) => {
          const before = judgeApprovals(one, askers);
          const grown = {
            ...one,
            pushers: [...one.pushers, ...other.pushers],
            named: [...one.named, ...other.named],
            orderedBy: [...one.orderedBy, ...other.orderedBy],
          };
          const after = judgeApprovals(grown, [...askers, ...more]);
          expect(after.discounted.length).toBeGreaterThanOrEqual(before.discounted.length);
          if (after.isApproved) expect(before.isApproved).toBe(true);
          expect(before.discounted.length).toBeLessThanOrEqual(one.approvals.length);
        },
      ),
    );
  });
});
