import * as fc from 'fast-check';
import type { Element, Nodes } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { describe, expect, test } from 'vitest';

import { phrase } from '../../../src/domain/report/phrase.ts';
import { toMailHtml } from '../../../src/domain/report/html.ts';
import { plain } from '../../../src/domain/report/text.ts';
import { hostileTexts, mailIn, samples, samplesWithNames, tamed } from '../hostile.ts';
import { project } from '../samples.ts';

const elements = new Set([
  'html',
  'head',
  'body',
  'p',
  'strong',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
  'ul',
  'li',
  'code',
  'a',
]);

function walk(node: Nodes): readonly Nodes[] {
  return 'children' in node ? [node, ...node.children.flatMap((child) => walk(child))] : [node];
}

function elementsIn(html: string): readonly Element[] {
  return walk(fromHtml(html)).filter((node) => node.type === 'element');
}

function textOf(node: Nodes): string {
  return walk(node)
    .map((each) => (each.type === 'text' ? each.value : ''))
    .join('');
}

/** What the HTML is without what stands in code. */
function skeleton(html: string): unknown {
  return JSON.parse(
    JSON.stringify(fromHtml(html), (key, value: unknown) => {
      if (key === 'position') return undefined;
      const isCode =
        typeof value === 'object' && value !== null && 'tagName' in value && value.tagName === 'code';
      return isCode ? 'code' : value;
    }),
  );
}

describe('a mail about anything', () => {
  test('has the same structure and the same words whatever the data is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), hostileTexts, (sample, texts) => {
        const html = mailIn(sample(texts))?.html ?? '';
        expect(skeleton(html)).toStrictEqual(skeleton(mailIn(sample(tamed(texts)))?.html ?? ''));
      }),
      { numRuns: 300 },
    );
  });

  test('has plain elements only, styles only, and links to the project only', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), hostileTexts, (sample, texts) => {
        for (const { tagName, properties } of elementsIn(mailIn(sample(texts))?.html ?? '')) {
          expect(elements).toContain(tagName);
          const { style: _, href = `${project.webUrl}/-/`, ...others } = properties;
          expect(others).toStrictEqual({});
          expect(href).toSatisfy((url: string) => url.startsWith(`${project.webUrl}/-/`));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('has a row for each pipeline, that holds its name in the first cell', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samplesWithNames), hostileTexts, (sample, texts) => {
        const html = mailIn(sample(texts))?.html;
        fc.pre(html !== undefined);
        const [, ...rows] = elementsIn(html).filter(({ tagName }) => tagName === 'tr');
        const cells = rows.map((row) => (row.children[0] === undefined ? '' : textOf(row.children[0])));
        const names = texts.names.map((name) => plain(phrase`${name}`));
        expect(new Set(cells)).toStrictEqual(new Set(names));
        expect(cells).toHaveLength(names.length);
      }),
      { numRuns: 300 },
    );
  });
});

test('a mail looks like this', () => {
  const html = toMailHtml({
    mood: 'partly',
    outcome: phrase`Deployed 1 of 2 pipelines to ${'QA & more'}: 1 created, 1 failed`,
    table: {
      head: ['Pipeline', 'Result'],
      rows: [
        [phrase`${'a'}`, ['failed']],
        [phrase`${'b<b>'}`, ['created']],
      ],
    },
    remedies: [phrase`Just wait.`],
    facts: [phrase`branch ${'main'}`, [{ link: 'cc000001', url: 'https://gitlab.example/x?a=1&b=2' }]],
  });
  expect(html.replaceAll(/ style="[^"]*"/g, '').replaceAll(/(<\/?(?:p|table|tr|ul|body)>)/g, '\n$1'))
    .toMatchInlineSnapshot(`
    "<!doctype html><html>
    <body>
    <p>⚠️ <strong>Deployed 1 of 2 pipelines to <code>QA &#x26; more</code>: 1 created, 1 failed</strong>
    </p>
    <table><thead>
    <tr><th>Pipeline</th><th>Result</th>
    </tr></thead><tbody>
    <tr><td><code>a</code></td><td>failed</td>
    </tr>
    <tr><td><code>b&#x3C;b></code></td><td>created</td>
    </tr></tbody>
    </table>
    <p>What to do:
    </p>
    <ul><li>Just wait.</li>
    </ul>
    <p>branch <code>main</code> · <a href="https://gitlab.example/x?a=1&#x26;b=2"><code>cc000001</code></a>
    </p>
    </body></html>"
  `);
});

test('a mail of 2,001 rows says that one is left out', () => {
  const rows = Array.from({ length: 2_001 }, (_, index) => [phrase`${`p${index}`}`]);
  const html = toMailHtml({
    mood: 'done',
    outcome: phrase`Done.`,
    table: { head: ['Pipeline'], rows },
    remedies: [],
    facts: [],
  });
  expect(elementsIn(html).filter(({ tagName }) => tagName === 'td')).toHaveLength(2_000);
  expect(html).toContain('1 further row is not shown.');
});
