import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { codeFiles, pipelineOfCodePath } from '../../../src/domain/pipeline/code-files.ts';
import { contentOf, parseConfig, type Content } from '../../../src/domain/pipeline/config.ts';
import type { Json } from '../../../src/domain/shared/json.ts';

function withTasks(...tasks: readonly Json[]): Content {
  const content = contentOf({ stages: [{ tasks }] });
  if (!content.ok) throw new Error(content.failure.problem);
  return content.value;
}

function pyspark(script: string): Json {
  return { id: 't', type: 'PySpark', config: { script } };
}

/** A second implementation, by the rules as they are told and without a care for speed. */
function plainBlocks(script: string): readonly string[] {
  const found: string[] = [];
  let count = 0;
  for (const match of script.matchAll(/'''([^]*?)'''|"""([^]*?)"""/g)) {
    count += 1;
    const text = (match[1] || match[2] || '').trim();
    const [word = ''] = text.split(/\s+/);
    const verbs = 'select insert update delete with create drop alter merge'.split(' ');
    if (verbs.includes(word.toLowerCase())) found.push(`t_${count}.sql ${text}`);
  }
  return found;
}

const script = fc
  .array(
    fc.constantFrom(
      "'''",
      '"""',
      "'",
      '"',
      'select',
      'SELECT ',
      'with',
      ' ',
      '\n',
      'x',
      '-- a',
      'updated',
      'Merge',
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

describe('the code of a pipeline', () => {
  test('has the blocks that the rules name', () => {
    fc.assert(
      fc.property(script, (text) => {
        const files = codeFiles('p', withTasks(pyspark(text)));
        const blocks = files
          .filter(({ path }) => path.endsWith('.sql'))
          .map((file) => `${file.path.slice('code/p/'.length)} ${file.text}`);
        expect(blocks).toEqual(plainBlocks(text));
      }),
      { numRuns: 3_000 },
    );
  });

  test('is a script as it is, and SQL trimmed', () => {
    const sql = { id: 's', type: 'sql', config: { query: '', script: '\n select 1 \n', sql: 'select 2' } };
    expect(codeFiles('p', withTasks(pyspark(' x = """a"""\n'), sql))).toEqual([
      { path: 'code/p/t.py', libraryPath: 'code/p/t.py', text: ' x = """a"""\n' },
      { path: 'code/p/s.sql', libraryPath: 'code/p/s.sql', text: 'select 1' },
    ]);
  });

  test('is found at any depth; the later of two tasks of one name wins', () => {
    const inner = { id: 'x', type: 'SQL', config: { sql: 'select 2' } };
    const outer = { id: 'x', type: 'SQL', config: { sql: 'select 1' }, more: [{ tasks: [inner] }] };
    expect(codeFiles('p', withTasks(outer)).map(({ text }) => text)).toEqual(['select 2']);
  });

  test.each(['a/b', '..', 'CON', 'weird | name', '名前', 'x'.repeat(200), '/leading', '.git'])(
    'of %j has a safe path that leads back to it',
    (name) => {
      const [file] = codeFiles(name, withTasks(pyspark('x')));
      expect(file?.path).toMatch(/^code\/[^/]+\/t\.py$/);
      expect(file?.path).not.toMatch(/\/\.{1,2}\/|\/\.git\//);
      expect(pipelineOfCodePath(file?.path ?? '')).toBe(name);
    },
  );

  test('is refused where it makes more than 1,000 files', () => {
    const tasks = Array.from({ length: 1_000 }, (_, id) => ({
      id,
      type: 'SQL',
      config: { sql: 'select 1' },
    }));
    const block = '"""select 1"""\n';
    expect(codeFiles('p', withTasks(...tasks))).toHaveLength(1_000);
    expect(codeFiles('p', withTasks(pyspark(block.repeat(999))))).toHaveLength(1_000);
    for (const many of [[...tasks, pyspark('x')], [pyspark(block.repeat(1_000))]]) {
      const text = JSON.stringify({ stages: [{ tasks: many }] });
      expect(parseConfig(text)).toEqual({
        ok: false,
        failure: {
          line: 1,
          problem:
            'its tasks make more than 1,000 files of code: scripts, queries and blocks of SQL in triple quotation marks',
        },
      });
    }
  });

  test('is looked for in no more time than the text is long', () => {
    let deep: Json = { tasks: Array.from({ length: 300_000 }, () => ({})) };
    for (let level = 0; level < 900; level += 1) deep = [deep];
    const stages = [
      { tasks: [pyspark('"""select 1"""'.repeat(400_000))] },
      { tasks: [pyspark('""""""'.repeat(900_000))] },
      { deep },
    ];
    const before = performance.now();
    for (const stage of stages) contentOf({ stages: [stage] });
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test('is found in a script of ten megabytes that never closes its quotation marks', () => {
    expect(
      codeFiles('p', withTasks(pyspark(`${'"'.repeat(5_000_000)}${"'''x".repeat(1_000_001)}`))),
    ).toBeDefined();
  });
});
