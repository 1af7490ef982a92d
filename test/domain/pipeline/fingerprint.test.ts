import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../src/domain/pipeline/fingerprint.ts';
import { parseConfig, writeConfig, type Content } from '../../../src/domain/pipeline/config.ts';

function parsed(text: string): Content {
  const result = parseConfig(text);
  if (!result.ok) throw new Error(result.failure.problem);
  return result.value;
}

function fingerprint(text: string): Promise<string> {
  return fingerprintOf(parsed(text));
}

/** The fingerprint of a config that holds this JSON. */
function fingerprintWith(value: string): Promise<string> {
  return fingerprint(`{"sourceStage":{"value":${value}}}`);
}

function canonicalWith(value: string): string {
  return createHash('sha256')
    .update(`{"sinkStage":{},"sourceStage":{"value":${value}},"stages":[],"variables":[]}`)
    .digest('hex');
}

// As json.dumps(config, indent=4, sort_keys=True) writes it on Windows: escapes outside of ASCII, floats with a point.
const fromPython = [
  '{',
  '    "$id": "64f0c2",',
  '    "createdAt": "2026-01-31T08:00:00Z",',
  '    "sinkStage": {',
  '        "description": "Write",',
  '        "stageId": "sink",',
  '        "tasks": []',
  '    },',
  '    "sourceStage": {},',
  '    "stages": [',
  '        {',
  '            "description": "H\\u00e4ndler \\ud83d\\ude97",',
  '            "stageId": "s1",',
  '            "tasks": [',
  '                {',
  '                    "config": {',
  '                        "query": "select 1.0 * price\\nfrom ${sales.t}",',
  '                        "sample": 1.0',
  '                    },',
  '                    "id": "agg",',
  '                    "type": "SQL"',
  '                }',
  '            ]',
  '        }',
  '    ],',
  '    "title": "Daily Sales",',
  '    "variables": [',
  '        {',
  '            "id": "QA",',
  '            "value": "False"',
  '        }',
  '    ],',
  '    "version": 12',
  '}',
].join('\r\n');

const ours = `{
  "title": "Daily Sales (QA)",
  "variables": [
    {
      "id": "QA",
      "value": "False"
    }
  ],
  "sourceStage": {},
  "stages": [
    {
      "stageId": "s1",
      "description": "Händler 🚗",
      "tasks": [
        {
          "id": "agg",
          "type": "SQL",
          "config": {
            "query": "select 1.0 * price\\nfrom \${sales.t}",
            "sample": 1
          }
        }
      ]
    }
  ],
  "sinkStage": {
    "stageId": "sink",
    "description": "Write",
    "tasks": []
  }
}
`;

describe('a fingerprint', () => {
  it('is the same for a file of the Python library and for ours', async () => {
    expect(await fingerprint(fromPython)).toBe(await fingerprint(ours));
  });

  it('is the SHA-256 of the canonical JSON', async () => {
    const canonical =
      '{"sinkStage":{"description":"Write","stageId":"sink","tasks":[]},"sourceStage":{},"stages":[{"description":"Händler 🚗",' +
      '"stageId":"s1","tasks":[{"config":{"query":"select 1.0 * price\\nfrom ${sales.t}","sample":1},"id":"agg","type":"SQL"}]}],' +
      '"variables":[{"id":"QA","value":"False"}]}';
    expect(await fingerprint(ours)).toBe(createHash('sha256').update(canonical).digest('hex'));
  });

  it('ignores the order of keys, the layout, line ends and fields of the server', async () => {
    const value = fc.jsonValue({ noUnicodeString: false });
    const object = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'toJSON')), value);
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          variables: fc.array(value),
          sourceStage: object,
          stages: fc.array(object),
          sinkStage: object,
        }),
        fc.dictionary(fc.constantFrom('$id', 'title', 'owner', 'updatedAt'), value),
        async (content, others) => {
          const shuffled = JSON.stringify(reversed({ ...content, ...others }), undefined, 4);
          expect(await fingerprint(shuffled.replaceAll('\n', '\r\n'))).toBe(
            await fingerprint(JSON.stringify(content)),
          );
        },
      ),
    );
  });

  it('stays when a config is written and read', async () => {
    const content = parsed(fromPython);
    expect(await fingerprint(writeConfig('any', content))).toBe(await fingerprintOf(content));
  });

  it('counts missing fields as their empty values', async () => {
    expect(await fingerprint('{"stages":[]}')).toBe(
      await fingerprint('{"variables":{},"sourceStage":null,"stages":[],"sinkStage":{}}'),
    );
  });

  it.each([
    '{"stages":[{}]}',
    '{"variables":[null]}',
    '{"sinkStage":{"a":null}}',
    '{"sourceStage":{"__proto__":{}}}',
  ])('of %s differs from that of nothing', async (text) => {
    expect(await fingerprint(text)).not.toBe(await fingerprint('{"stages":[]}'));
  });
});

describe('numbers in a fingerprint', () => {
  // The first row is from https://www.rfc-editor.org/rfc/rfc8785#section-3.2.2
  it.each([
    ['[1E30,4.50,2e-3,0.000000000000000000000000001,1e-27]', '[1e+30,4.5,0.002,1e-27,1e-27]'],
    ['[1.0,1e0,10e-1,0.1E1]', '[1,1,1,1]'],
    ['[-0,0.0,0e99999,-0.0e-5]', '[0,0,0,0]'],
    ['[9007199254740992,1e21,5e-324]', '[9007199254740992,1e+21,5e-324]'],
  ])('%s are those of RFC 8785', async (written, canonical) => {
    expect(await fingerprintWith(written)).toBe(canonicalWith(canonical));
  });

  it.each([
    ['12345678901234567890', '12345678901234567168'],
    ['12345678901234567890', '12345678901234567891'],
    ['12345678901234567890', '"12345678901234567890"'],
    ['12345678901234567890', '-12345678901234567890'],
    ['9007199254740993', '9007199254740992'],
    ['0.1', '0.1000000000000000055511151231257827'],
    // RFC 8785 would round the first of these two.
    ['333333333.33333329', '333333333.3333333'],
    ['1e400', '1e401'],
    ['1e400', 'null'],
    ['1e-400', '0'],
    ['1e400', '{"rawJSON":"1e400"}'],
    ['1e99999999999999999999', '1e99999999999999999998'],
  ])('%s and %s differ', async (one, other) => {
    expect(await fingerprintWith(one)).not.toBe(await fingerprintWith(other));
  });

  it.each([
    ['12345678901234567890', '12345678901234567890.0'],
    ['12345678901234567890', '1.234567890123456789E+19'],
    ['1e400', '10.0e399'],
  ])('%s and %s are equal', async (one, other) => {
    expect(await fingerprintWith(one)).toBe(await fingerprintWith(other));
  });
});

describe('text in a fingerprint', () => {
  it.each([
    [String.raw`"\ud800"`, String.raw`"\udc00"`],
    [String.raw`"\ud800"`, String.raw`"\ufffd"`],
    [String.raw`"\ud800"`, String.raw`"\ufdd0d800"`],
    [String.raw`"\ufdd0"`, String.raw`"\ufdd0fdd0"`],
    ['1e400', String.raw`"\ufdd0#1e400"`],
    [String.raw`{"\ud800":1}`, String.raw`{"\udc00":1}`],
  ])('%s and %s differ, although RFC 8785 has no form for one of them', async (one, other) => {
    expect(await fingerprintWith(one)).not.toBe(await fingerprintWith(other));
  });

  it('has a defined form for every text', async () => {
    const units = fc
      .array(fc.constantFrom(0xd8_3d, 0xde_00, 0xfd_d0, 0, 0x61))
      .map((codes) => codes.map((code) => String.fromCharCode(code)).join(''));
    await fc.assert(
      fc.asyncProperty(units, units, async (one, other) => {
        const [first, second] = [JSON.stringify(one), JSON.stringify(other)];
        expect((await fingerprintWith(first)) === (await fingerprintWith(second))).toBe(one === other);
        expect((await fingerprintWith(`{${first}:1}`)) === (await fingerprintWith(`{${second}:1}`))).toBe(
          one === other,
        );
      }),
    );
  });

  it('is canonical at the deepest level that is read', async () => {
    const deep = '['.repeat(990) + '1.0' + ']'.repeat(990);
    expect(await fingerprintWith(deep)).toBe(canonicalWith(deep.replace('1.0', '1')));
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([field, inner]) => [field, reversed(inner)]),
  );
}
