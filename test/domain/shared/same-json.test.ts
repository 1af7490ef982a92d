import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { contentKey } from '../../../src/domain/pipeline/content-key.ts';
import { canonicalOf } from '../../../src/domain/pipeline/fingerprint.ts';
import { parseJson, type Json } from '../../../src/domain/shared/json.ts';
import { isSameJson } from '../../../src/domain/shared/same-json.ts';

function parsed(text: string): Json {
  const value = parseJson(text);
  if (!value.ok) throw new Error(value.failure.problem);
  return value.value;
}

const scalar = fc.constantFrom(
  '1',
  '1.0',
  '1e0',
  '-0',
  '0',
  '12345678901234567890',
  '1e400',
  'true',
  'null',
  '"a"',
  '"\\ud800"',
  '"1"',
  '{}',
  '[]',
);
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalar,
    fc.array(tie('json'), { maxLength: 3 }).map((all) => `[${all.join(',')}]`),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', '__proto__', 'length'), tie('json')), {
        maxLength: 3,
        selector: ([key]) => key,
      })
      .map((all) => `{${all.map(([key, value]) => `"${key}":${value}`).join(',')}}`),
  ),
}));

test('two values are the same exactly where their canonical forms are', () => {
  fc.assert(
    fc.property(json, json, (one, other) => {
      const [a, b] = [parsed(one), parsed(other)];
      expect(isSameJson(a, b)).toBe(canonicalOf(a) === canonicalOf(b));
    }),
    { numRuns: 10_000 },
  );
});

test('equal values share their key, in whatever order their fields are', () => {
  fc.assert(
    fc.property(json, json, (one, other) => {
      const [a, b] = [`{"x":${one},"y":${other}}`, `{"y":${other},"x":${one}}`].map((text) =>
        contentKey(parsed(text)),
      );
      expect(a).toBe(b);
    }),
  );
  expect(contentKey('a'.repeat(5_000))).not.toBe(contentKey(`${'a'.repeat(4_999)}b`));
  expect(contentKey(['a', 'b'])).not.toBe(contentKey(['b', 'a']));
});
