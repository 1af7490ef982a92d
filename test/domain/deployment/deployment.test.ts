import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  endedItems,
  isPending,
  statusOf,
  unfinishedItems,
  type EndedItem,
  type Item,
} from '../../../src/domain/deployment/deployment.ts';
import { blocked, created, failed, fingerprint, unchanged, updated } from '../samples.ts';

const left: EndedItem = { pipeline: 'l', state: { kind: 'left' } };
const [c, u, same, b, f] = [created('c'), updated('u'), unchanged('s'), blocked('b'), failed('f')];

describe('the status of a deployment', () => {
  test.each([
    ['unchanged', []],
    ['unchanged', [same]],
    ['unchanged', [left]],
    ['unchanged', [same, left]],
    ['succeeded', [c]],
    ['succeeded', [u]],
    ['succeeded', [c, u, same, left]],
    ['failed', [f]],
    ['failed', [f, b]],
    ['failed', [f, left]],
    ['blocked', [b]],
    ['blocked', [b, left]],
    ['partly failed', [f, c]],
    ['partly failed', [f, u]],
    ['partly failed', [f, same]],
    ['partly failed', [b, c]],
    ['partly failed', [b, same]],
    ['partly failed', [c, u, same, left, b, f]],
  ] satisfies readonly (readonly [string, readonly EndedItem[]])[])('is %s', (status, items) => {
    expect(statusOf(items)).toBe(status);
  });

  const items = fc.array(fc.constantFrom(c, u, same, left, b, f), { maxLength: 8 });

  test('depends neither on the order of the items nor on their number', () => {
    fc.assert(
      fc.property(items, (some) => {
        expect(statusOf([...some, ...some].toReversed())).toBe(statusOf(some));
      }),
    );
  });

  test('is good exactly when nothing is pending', () => {
    fc.assert(
      fc.property(items, (some) => {
        const good = ['succeeded', 'unchanged'].includes(statusOf(some));
        expect(good).toBe(!some.some(isPending));
      }),
    );
  });
});

test('blocked and failed items are pending, no others', () => {
  expect([c, u, same, left, b, f].filter(isPending)).toStrictEqual([b, f]);
});

describe('a deployment may end', () => {
  const desired = fingerprint('f');
  const begun = (['planned', 'writing'] as const).map((kind): Item => ({
    pipeline: kind,
    state: { kind, effect: 'update', desired },
  }));
  const items = fc.array(fc.constantFrom<Item>(c, u, same, left, b, f, ...begun), { maxLength: 8 });

  test('exactly when none of its items is planned or being written', () => {
    fc.assert(
      fc.property(items, (some) => {
        const unfinished = some.filter((item) => begun.includes(item));
        expect(unfinishedItems(some)).toStrictEqual(unfinished);
        expect(endedItems(some)).toStrictEqual(unfinished.length === 0 ? some : undefined);
      }),
    );
  });
});
