import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { codeFiles } from '../../../src/domain/pipeline/code-files.ts';
import { codeDisagreements, embed } from '../../../src/domain/pipeline/embed-code.ts';
import { parseConfig } from '../../../src/domain/pipeline/config.ts';
import { hostile } from '../hostile.ts';

const script = `df = spark.sql(
    """
    select a,
           b
      from t
    """
)
note = '''not SQL'''
spark.sql('''insert into u
values (1)''')
`;

function config(task: object): string {
  return `{"title":"p",\n  "stages" : [ {"tasks":[${JSON.stringify(task)}] , "x":1.0e2} ],"other":"é"}`;
}

const pyspark = config({ id: 't', type: 'PySpark', config: { script } });
const sql = config({ id: 'q', type: 'SQL', config: { query: '\n  select 1\n', script: 'ignored' } });

function embedded(text: string, files: Readonly<Record<string, string>>): string {
  const done = embed('p', text, new Map(Object.entries(files)));
  if (!done.ok) throw new Error(JSON.stringify(done.failure));
  return done.value.text;
}

describe('edited code', () => {
  test('of an SQL task goes into its query, between the white space that was there, and nothing else changes', () => {
    expect(embedded(sql, { 'code/p/q.sql': 'select 2\n' })).toBe(sql.replace('select 1', 'select 2'));
  });

  test('of a block goes back between its quotation marks, with the indentation around it', () => {
    const edited = embedded(pyspark, {
      'code/p/t_1.sql': 'select a,\n           c\n      from t',
      'code/p/t_3.sql': 'insert into u\nvalues (2)',
    });
    expect(edited).toBe(
      pyspark
        .replace(String.raw`           b\n      from t`, String.raw`           c\n      from t`)
        .replace('values (1)', 'values (2)'),
    );
  });

  test('of a script and of another block of it both count', () => {
    const files = { 'code/p/t.py': `${script}# more\n`, 'code/p/t_3.sql': 'insert into u\nvalues (3)' };
    const edited = embedded(pyspark, files);
    expect(edited).toContain('# more');
    expect(edited).toContain('values (3)');
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    [
      'a script and its block that say different things',
      {
        'code/p/t.py': script.replace('values (1)', 'values (4)'),
        'code/p/t_3.sql': 'insert into u\nvalues (3)',
      },
      'contradiction',
    ],
    ['a block that ends its quotation marks', { 'code/p/t_1.sql': 'select """ from t' }, 'not-a-block'],
    ['a block that ends with one of them', { 'code/p/t_3.sql': "insert into u values ('" }, 'not-a-block'],
    [
      'a block that escapes the marks behind it',
      { 'code/p/t_3.sql': 'insert into u values (1) \\' },
      'not-a-block',
    ],
    ['a block that is no SQL any more', { 'code/p/t_1.sql': 'nothing here' }, 'not-a-block'],
  ])('is refused: %s', (_what, files, kind) => {
    expect(embed('p', pyspark, new Map(Object.entries(files)))).toMatchObject({
      ok: false,
      failure: { kind },
    });
  });

  test('that a script and its block agree on is no contradiction', () => {
    const files = {
      'code/p/t.py': script.replace('values (1)', 'values (5)'),
      'code/p/t_3.sql': 'insert into u\nvalues (5)',
    };
    expect(embedded(pyspark, files)).toBe(pyspark.replace('values (1)', 'values (5)'));
  });

  test('keeps how the string was written', () => {
    const escaped = String.raw`{"stages":[{"tasks":[{"id":"q","type":"SQL","config":{"sql":"select '\u00e9' from a\/b"}}]}]}`;
    expect(embedded(escaped, { 'code/p/q.sql': "select 'éü' from a/c" })).toBe(
      String.raw`{"stages":[{"tasks":[{"id":"q","type":"SQL","config":{"sql":"select '\u00e9\u00fc' from a\/c"}}]}]}`,
    );
  });

  test('is read where the Python library put it', () => {
    const text = config({ id: 'a:b', type: 'SQL', config: { sql: 'select 1' } });
    const done = embed('p', text, new Map([['code/p/a:b.sql', 'select 2']]));
    expect(done).toMatchObject({ ok: true, value: { paths: ['code/p/a:b.sql'] } });
  });

  const word = fc.constantFrom(
    'select',
    'with',
    'x',
    ' ',
    '\n',
    '\r\n',
    '\t',
    "'",
    '"',
    "'''",
    '"""',
    '\\',
    'é',
    '\u2028',
    '#',
  );
  const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(''));
  const scripts = fc
    .array(fc.tuple(text, fc.constantFrom("'''", '"""'), fc.constantFrom('select ', 'x '), text), {
      maxLength: 3,
    })
    .map((parts) =>
      parts.map(([before, quote, verb, inner]) => before + quote + verb + inner + quote).join('\n'),
    );
  const task = fc.oneof(
    fc.record({
      id: fc.constantFrom('a', 'b', '1', '__proto__'),
      type: fc.constantFrom('PYSPARK', 'pyspark'),
      config: fc.record({ script: scripts }),
    }),
    fc.record({
      id: fc.oneof(fc.constantFrom('a', 'b'), hostile),
      type: fc.constant('SQL'),
      config: fc.record({ query: text, sql: text }, { requiredKeys: [] }),
    }),
  );
  const configs = fc
    .record({
      stages: fc.array(fc.record({ tasks: fc.array(task, { maxLength: 3 }) }), { maxLength: 3 }),
      more: hostile,
    })
    .chain((value) =>
      fc.constantFrom(JSON.stringify(value), `\uFEFF${JSON.stringify(value, undefined, 3)}\r\n`),
    );

  function extracted(json: string): ReadonlyMap<string, string> {
    const content = parseConfig(json);
    return new Map(
      content.ok ? codeFiles('p', content.value).map(({ path, text: code }) => [path, code]) : [],
    );
  }

  test('that is not edited changes no byte', () => {
    fc.assert(
      fc.property(configs, (before) => {
        expect(embed('p', before, extracted(before))).toEqual({
          ok: true,
          value: { text: before, paths: [] },
        });
      }),
    );
  });

  test('comes out again as it was edited, all other code as it was, and nothing but strings of code changes', () => {
    fc.assert(
      fc.property(
        configs,
        fc.array(fc.tuple(fc.nat(), text), { minLength: 1, maxLength: 3 }),
        (before, edits) => {
          const files = new Map(extracted(before));
          const paths = [...files.keys()];
          for (const [index, code] of edits) {
            const path = paths[index % Math.max(1, paths.length)];
            if (path !== undefined) files.set(path, path.endsWith('.py') ? code : `select ${code}.`);
          }
          const done = embed('p', before, files);
          if (!done.ok) {
            expect(['contradiction', 'not-a-block']).toContain(done.failure.kind);
            return;
          }
          const after = extracted(done.value.text);
          const isScriptEdited = done.value.paths.some((path) => path.endsWith('.py'));
          for (const path of done.value.paths)
            if (!path.endsWith('.py')) expect(after.get(path)).toBe(files.get(path));
          if (!isScriptEdited)
            for (const [path, code] of extracted(before))
              if (!path.endsWith('.py') && !done.value.paths.includes(path))
                expect(after.get(path)).toBe(code);
          expect(withoutStrings(done.value.text)).toBe(withoutStrings(before));
          expect(done.value.paths).toEqual([...done.value.paths].filter((path) => files.has(path)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of many blocks goes in in one pass', { timeout: 30_000 }, () => {
    const many = 999;
    const blocks = (name: string) =>
      Array.from({ length: many }, (_, index) => `"""select ${name}${index}"""\n`).join('');
    const before = config({ id: 't', type: 'PYSPARK', config: { script: blocks('a') } });
    const files = Array.from({ length: many }, (_, index) => [
      `code/p/t_${index + 1}.sql`,
      `select b${index}`,
    ]);
    expect(embedded(before, Object.fromEntries(files))).toBe(before.replaceAll('select a', 'select b'));
  });

  test('of any config is embedded or refused, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.dictionary(fc.string(), fc.string()), (any, files) => {
        embed('p', any, new Map(Object.entries(files)));
      }),
    );
  });

  test('that disagrees is known by its path', () => {
    const content = parseConfig(pyspark);
    if (!content.ok) throw new Error('unreadable');
    const files = new Map([
      ['code/p/t_1.sql', 'select 1'],
      ['code/p/t_3.sql', 'insert into u\nvalues (1)\n'],
    ]);
    expect(codeDisagreements('p', content.value, files)).toEqual(['code/p/t_1.sql']);
  });
});

/** A JSON text without the insides of its strings. */
function withoutStrings(text: string): string {
  return text.replaceAll(/"(?:\\.|[^"\\])*"/gs, '""');
}
