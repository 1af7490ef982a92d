import * as fc from 'fast-check';

/** Texts that people and systems send by mistake or on purpose. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '\uD800',
    '\uDFFF',
    '\u202E',
    '/aic deploy force',
    '../../etc/passwd',
    '..',
    '.',
    'CON',
    'a/b',
    'a\\b',
    '%2e%2e',
    '*',
    '${x}',
    '`$A:B`',
    '"""',
    'x'.repeat(5_000),
  ),
);

/** Numbers as they stand in JSON: many are none that JavaScript could hold. */
const numberText = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1e400',
    '-1e-400',
    '12345678901234567890.12345',
    '9007199254740993',
    '1.0',
    '1E5',
    '0.1000000000000000055511151231257827',
  ),
  fc.bigInt().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

const scalar: fc.Arbitrary<string> = fc.oneof(
  hostileText.map((text) => JSON.stringify(text)),
  numberText,
  fc.constantFrom('null', 'true', 'false', '{}', '[]'),
);

/** Valid JSON texts, with keys that objects in JavaScript take amiss, also doubled. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ readonly value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }).map((all) => `[${all.join(',')}]`),
    fc
      .array(fc.tuple(hostileText, tie('value')), { maxLength: 4 })
      .map((all) => `{${all.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`),
  ),
})).value;

/** Nested so deeply that what calls itself for each level would break. */
export const deepJson: readonly string[] = [
  '['.repeat(100_000),
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
];

/** The text with parts of it replaced, doubled, removed, or with another text within. */
export function mutated(seeds: readonly string[], other: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const cut = fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 40 }),
    by: fc.option(other),
    isDoubled: fc.boolean(),
  });
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(cut, { minLength: 1, maxLength: 4 }))
    .map(([seed, cuts]) =>
      cuts.reduce((text, { at, length, by, isDoubled }) => {
        const start = text.length === 0 ? 0 : at % text.length;
        const piece = text.slice(start, start + length);
        return `${text.slice(0, start)}${isDoubled ? piece + piece : (by ?? '')}${text.slice(start + length)}`;
      }, seed),
    );
}

/** A copy of a JSON value in which one field, wherever it stands, is replaced or removed. */
export function withField(value: unknown, index: number, change: { readonly to?: unknown }): unknown {
  let left = index;
  const visit = (at: unknown): unknown => {
    if (typeof at !== 'object' || at === null) return at;
    if (Array.isArray(at)) return at.map(visit);
    return Object.fromEntries(
      Object.entries(at).flatMap(([key, each]) => {
        left -= 1;
        if (left !== -1) return [[key, visit(each)]];
        return 'to' in change ? [[key, change.to]] : [];
      }),
    );
  };
  return visit(value);
}
