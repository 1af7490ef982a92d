import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isExactNumber,
  isJsonObject,
  parseJson,
  writeJson,
  type Json,
} from '../../../src/domain/shared/json.ts';
import { linesOf } from '../../../src/domain/shared/json-error.ts';

/** Compact JSON texts with unique fields, so that writing gives the same text. Their numbers are of any spelling. */
const jsonText = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom('null', 'true', 'false'),
    fc.stringMatching(/^-?(?:0|[1-9]\d{0,24})(?:\.\d{1,20})?(?:[eE][-+]?\d{1,4})?$/),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc
      .string({ unit: fc.constantFrom('"', '\\', '1', '.', '0', 'e', '-', ':', ',', '[', '{', ' ') })
      .map((text) => JSON.stringify(text)),
    tie('array'),
    tie('object'),
  ),
  array: fc.array(tie('value'), { maxLength: 5 }).map((items) => `[${items.join(',')}]`),
  object: fc
    .uniqueArray(
      fc.tuple(
        fc.oneof(
          fc.constantFrom('__proto__', 'constructor', 'toJSON', 'rawJSON', 'length', '"', '\\'),
          fc.string({ unit: 'binary' }).map((text) => `_${text}`),
        ),
        tie('value'),
      ),
      { maxLength: 5, selector: ([field]) => field },
    )
    .map((fields) => `{${fields.map(([field, value]) => `${JSON.stringify(field)}:${value}`).join(',')}}`),
})).value;

function parsed(text: string): Json {
  const result = parseJson(text);
  if (!result.ok) throw new Error(`${text} at ${JSON.stringify(result.failure)}`);
  return result.value;
}

function mistake(text: string): unknown {
  const result = parseJson(text);
  return result.ok ? result.value : result.failure;
}

describe('parsing and writing', () => {
  it('gives the same text back, to the last digit', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(writeJson(parsed(text))).toBe(text);
      }),
    );
  });

  it('gives the same value back from an indented text', () => {
    fc.assert(
      fc.property(jsonText, fc.constantFrom('\n', '\r\n'), fc.boolean(), (text, newline, marked) => {
        const indented = writeJson(parsed(text), 2).replaceAll('\n', newline);
        expect(writeJson(parsed((marked ? '\uFEFF' : '') + indented))).toBe(text);
      }),
    );
  });

  it.each(['12345678901234567890', '1.0', '1e400', '-0', '1E5', '0.10', '1e-400', '-1.50e+3'])(
    'keeps %s as it is written',
    (text) => {
      const value = parsed(text);
      expect(isExactNumber(value)).toBe(true);
      expect(writeJson([value])).toBe(`[${text}]`);
    },
  );

  it.each(['0', '-1', '9007199254740991', '0.1', '-2.5', '1e+21', '1e-7'])(
    'makes %s a plain number',
    (text) => {
      expect(parsed(text)).toBe(Number(text));
    },
  );

  it('does not take digits in strings for numbers', () => {
    expect(parsed(String.raw`["1.0 \" , 1.0", "\\", 1, "\\\" [1.0]"]`)).toEqual([
      '1.0 " , 1.0',
      '\\',
      1,
      '\\" [1.0]',
    ]);
  });

  it('keeps __proto__ as a field, with and without exact numbers', () => {
    for (const text of ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1.0}}', '{"__proto__":-0}']) {
      const value = parsed(text);
      expect(Object.keys(value ?? {})).toEqual(['__proto__']);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(writeJson(value)).toBe(text);
    }
  });

  it.each([
    [String.raw`{"h":1,"\\":2}`, String.raw`{"h":1,"\"":2}`],
    [String.raw`{"k":1,"a\\":2}`, String.raw`{"k":1,"a\n":2}`],
  ])('after %s still reads the names in %s', (met, text) => {
    JSON.parse(met);
    JSON.parse(met);
    expect(writeJson(parsed(text))).toBe(text);
  });

  it('lets the last of two equal fields win', () => {
    expect(writeJson(parsed('{"a":{"b":1.0},"a":[2.0]}'))).toBe('{"a":[2.0]}');
    expect(writeJson(parsed('{"a":[2.0],"a":{"b":1.0}}'))).toBe('{"a":{"b":1.0}}');
  });

  it('tells an exact number from an object that looks like one', () => {
    expect(isJsonObject(parsed('{"rawJSON":"1.0"}'))).toBe(true);
    expect(isJsonObject(parsed('1.0'))).toBe(false);
    expect(isExactNumber(parsed('{"rawJSON":"1.0"}'))).toBe(false);
  });

  it('reads NUL and lone surrogates in escapes', () => {
    expect(parsed(String.raw`"\u0000\ud800"`)).toBe('\u0000\ud800');
    expect(writeJson('\ud800')).toBe(String.raw`"\ud800"`);
  });
});

describe('mistakes', () => {
  it.each([
    ['', 1, 1, 'a value is expected here'],
    ['\uFEFF\n\n', 3, 1, 'a value is expected here'],
    ['{\n  "a": 1,\n}', 3, 1, 'a field name in double quotes is expected here'],
    ['[\r\n  1,\r\n  2 3\r\n]', 3, 5, 'a comma is expected here'],
    ['{"a" 1}', 1, 6, 'a colon is expected here'],
    ['{"a": NaN}', 1, 7, 'this is not a JSON value'],
    ['[1] []', 1, 5, 'nothing may follow the value'],
    ['[1, // one\n2]', 1, 5, 'JSON has no comments'],
    ['/* a */ 1', 1, 1, 'JSON has no comments'],
    ['["a\nb"]', 1, 2, 'the string that begins here does not end on its line'],
    ['["a\u0000b"]', 1, 2, 'this string has a control character that must be escaped'],
    [String.raw`["\x"]`, 1, 2, 'this string has a backslash before a character that needs none'],
    [String.raw`["\u12"]`, 1, 2, String.raw`this string has a \u without four hex digits`],
    ['[1.]', 1, 2, 'this number is incomplete'],
    ['{"a": [1', 1, 9, 'a closing bracket is expected here'],
    ['{"a": 1', 1, 8, 'a closing brace is expected here'],
    ['{\n<<<<<<< HEAD\n"a": 1\n', 2, 1, 'an unresolved merge conflict begins or ends here'],
  ])('finds the mistake of %j at line %d, column %d', (text, line, column, problem) => {
    expect(mistake(text)).toEqual({ line, column, problem });
  });

  it('accepts and refuses the same texts as JSON.parse, and never throws', () => {
    const damaged = fc
      .tuple(jsonText, fc.nat(), fc.nat(3), fc.string({ unit: 'binary', maxLength: 2 }))
      .map(([text, at, length, put]) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + put + text.slice(start + length);
      });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), damaged), (text) => {
        let valid = true;
        try {
          JSON.parse(text.replace(/^\uFEFF/, ''));
        } catch {
          valid = false;
        }
        const result = parseJson(text);
        expect(result.ok).toBe(valid);
        expect(result.ok ? undefined : result.failure.problem).not.toBe('this is not JSON');
      }),
      { numRuns: 2000 },
    );
  });

  it('allows 1000 levels and refuses more, where they begin', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(writeJson(parsed(nested(1000)))).toBe(nested(1000));
    const deep = { line: 1, column: 1001, problem: 'nested too deeply' };
    expect(mistake(nested(1001))).toEqual(deep);
    expect(mistake(nested(100_000))).toEqual(deep);
    expect(mistake('['.repeat(100_000))).toEqual(deep);
    expect(mistake('{"a":'.repeat(100_000))).toEqual({ ...deep, column: 5001 });
  });

  it('refuses millions of levels at once', () => {
    const before = performance.now();
    for (const [open, close] of [
      ['[', ']'],
      ['{"":', '}'],
    ] as const)
      expect(mistake(`${open.repeat(3_000_000)}1${close.repeat(3_000_000)}`)).toMatchObject({
        problem: 'nested too deeply',
      });
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it('finds the first mistake of a text that only seems shallow', () => {
    expect(mistake('[},'.repeat(200_000))).toEqual({
      line: 1,
      column: 2,
      problem: 'a value is expected here',
    });
  });
});

describe('lines', () => {
  const text = '\uFEFF{\r\n"a": 1,\r\n"b":\r\n[\r\n0,\r\n{\n}, []],\r\n"a": 2 }';

  it('are those of a field by its name, of an entry and of the whole', () => {
    expect(linesOf(text, [['b'], ['b', 0], ['b', 1], ['b', 2], []])).toEqual([3, 5, 6, 7, 1]);
    expect(linesOf('\n\n1', [[]])).toEqual([3]);
  });

  it('are those of the last of two equal fields', () => {
    expect(linesOf(text, [['a']])).toEqual([8]);
  });

  it('are not invented', () => {
    expect(linesOf(text, [['c'], ['b', 3], ['b', 'x'], ['a', 0]])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
