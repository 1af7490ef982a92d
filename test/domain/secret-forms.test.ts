import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { mask } from '../../src/domain/secrets.ts';
import { textDiff } from '../../src/domain/text-diff.ts';
import { finished } from './finished.ts';

const names = [
  'password',
  'PASSWORD',
  'db_password',
  'dbPassword',
  'user.password',
  'passwd',
  'passw',
  'pass',
  'DB_PASS',
  'pwd',
  'pw',
  'passcode',
  'passphrase',
  'kennwort',
  'secret',
  'client_secret',
  'token',
  'refreshToken',
  'api_key',
  'apiKey',
  'accountKey',
  'encryption_key',
  'AWS_SECRET_ACCESS_KEY',
  'private_key_id',
  'credentials',
  'auth',
  'jwt',
  'sig',
  'authorization',
];
const name = fc.constantFrom(...names);

/** What a person writes around a value, in place of NAME and VALUE; a value in quotation marks is QUOTED. */
const quotedForms = [
  'NAME = QUOTED',
  'NAME=QUOTED',
  'NAME: str = QUOTED',
  'NAME: Optional[str] = QUOTED',
  'NAME := QUOTED;',
  'v_NAME VARCHAR2(30) := QUOTED;',
  'NAME = (QUOTED)',
  'NAME=(\n    QUOTED\n)',
  'NAME =\n    QUOTED',
  'NAME = \\\n  QUOTED',
  'NAME = [QUOTED, "b"]',
  'NAME = (\n  "first",\n  # the other\n  QUOTED,\n)',
  'NAME = {"user": QUOTED}',
  'NAME=("etl", QUOTED)',
  'NAME = "pre" + QUOTED',
  'NAME = "pre" \\\n  QUOTED',
  'NAME = x or QUOTED',
  'NAME = os.getenv("X", QUOTED)',
  'NAME = os.getenv("X") or QUOTED',
  'os.getenv("NAME") or QUOTED',
  'os.getenv("NAME", QUOTED)',
  '.option("NAME", QUOTED)',
  '.option(\n  "NAME",\n  QUOTED\n)',
  'conf["NAME"] = QUOTED',
  'properties={"user": "x", "NAME": QUOTED}',
  "{'NAME': QUOTED}",
  'connect(host, NAME=QUOTED, port=1)',
  'connect(\n  NAME=\n    QUOTED,\n)',
  'if NAME == QUOTED:',
  'NAME = QUOTED if prod else QUOTED',
  'NAME QUOTED',
  'alter user etl NAME QUOTED',
  'set NAME to QUOTED',
  '-- the NAME is QUOTED',
  'NAME => QUOTED',
];
const bareForms = [
  'NAME=VALUE',
  'NAME: VALUE',
  'NAME = VALUE',
  'Server=x;User=etl;NAME=VALUE;Port=1',
  'jdbc:mysql://db/x?user=etl&NAME=VALUE',
  'https://x.example/c?sv=1&NAME=VALUE',
  "copy t credentials 'id=1;NAME=VALUE'",
  'NAME: |\n  VALUE\n  more',
  'NAME: >-\n  VALUE',
  'NAME:\n  - VALUE\n  - other',
  'NAME:\n  VALUE',
  '-- NAME is VALUE',
  '# NAME: VALUE',
  'tool --NAME VALUE',
];
const value = fc
  .tuple(fc.constantFrom('S3', 's3cr', 'Zx9'), fc.stringMatching(/^[A-Za-z0-9._+*-]{3,20}$/))
  .map(([begin, rest]) => `${begin}Kk0${rest}`);
const quoting = fc.constantFrom('"', "'", 'r"', 'f"', "b'", 'rb"', 'u"', '"""', "'''");

function quoted(text: string, begin: string): string {
  return begin + text + begin.replace(/^[a-z]+/, '');
}

/** A shape filled in with a value, and with another one in its place. */
const cases = fc
  .tuple(name, value, quoting, fc.constantFrom(...quotedForms, ...bareForms))
  .map(([key, secret, begin, shape]) => {
    const fill = (its: string) =>
      shape.replaceAll(/NAME|QUOTED|VALUE/g, (what) => {
        if (what === 'NAME') return key;
        return what === 'QUOTED' ? quoted(its, begin) : its;
      });
    return { secret, text: fill(secret), other: fill(`${secret}0ld`) };
  });

describe('a secret in any of these forms is hidden', () => {
  test('in a text', () => {
    fc.assert(
      fc.property(
        cases,
        fc.constantFrom('', '\n', 'select 1\n', '    x = 1\n'),
        ({ text, secret }, before) => {
          expect(mask(`${before}${text}\n`)).not.toContain(secret);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('in a diff, wherever the change stands, and the change is seen', () => {
    const around = Array.from({ length: 9 }, (_, index) => `line_${index}(x)`).join('\n');
    fc.assert(
      fc.property(cases, fc.boolean(), fc.boolean(), ({ text, other, secret }, isAdded, isFar) => {
        const whole = (its: string) => (isFar ? `${around}\n${its}\n${around}\n` : `${its}\n`);
        const diff = finished(textDiff(isAdded ? 'x\n' : whole(other), whole(text)));
        expect(diff).not.toContain(secret);
        expect(diff).toContain('[hidden');
        expect(diff).toMatch(/^\+/m);
        if (!isAdded) expect(diff).toContain('[hidden, changed]');
      }),
      { numRuns: 3_000 },
    );
  });

  test('and hidden once where it is masked again', () => {
    fc.assert(
      fc.property(cases, ({ text }) => {
        expect(mask(mask(text))).toBe(mask(text));
      }),
      { numRuns: 2_000 },
    );
  });

  const secret = 'S3cr3tVal';
  test.each([
    `create user etl identified by ${secret}`,
    `create user etl identified by "${secret}"`,
    `alter user etl identified by ${secret} replace ${secret}0`,
    `alter user etl identified by values '${secret}'`,
    `connect etl/${secret}@db`,
    `sqlplus -s etl/${secret}@//db:1521/x`,
    `https://etl:${secret}@host/x`,
    `https://etl:p@ss/${secret}@host/x`,
    `https://etl:p?a#${secret}@host/x`,
    `headers = {"Authorization": "Bearer ${secret}"}`,
    `h = "Bearer ${secret}"`,
    `x = "Basic ${secret}=="`,
    `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
    `k = """-----BEGIN RSA PRIVATE KEY-----\nMII\n${secret}`,
    `"key": "-----BEGIN PRIVATE KEY-----\\n${secret}\\n-----END PRIVATE KEY-----\\n"`,
    `key = "${secret}"`,
    `credentials:\n  user: etl\n  blob: ${secret}\n`,
    `{"id": "DB_PASS", "type": "text", "value": "${secret}"}`,
    `{'value': '${secret}', 'id': 'DB_PASS'}`,
    `"glpat-${secret}abcdefghijk"`,
    `# ghp_${secret}abcdefghijklmnopqrstuvwxyz`,
    `xoxb-123456789012-${secret}`,
    `AIza${secret}abcdefghijklmnopqrstuvwxyz`,
    `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${secret}`,
    `sk_live_${secret}abcdefg`,
    `x = "${secret}ABCDEFGHIJKLMNOPQRSTUVWXYZ01234"`,
  ])('%j', (text) => {
    expect(mask(text)).not.toContain(secret);
  });

  test('the id of an AWS key', () => {
    expect(mask('k = "AKIAIOSFODNN7EXAMPLE"')).toBe('k = "[hidden]"');
  });
});

test.each([
  'row_number() over (partition by key order by token_count desc)',
  'alter table t add primary key (id), foreign key (customer_key) references c (key)',
  'select * from a join b on a.key = b.key and a.id = b.id',
  "where partition_key = 'customer' and sort_key = 'date'",
  'select count(token), max(pass_rate) from t group by session',
  'df.select("user_password", "name").dropDuplicates(["token", "name"])',
  'df = df.withColumnRenamed("token", "name")',
  'sorted(rows, key=lambda row: row["name"])',
  'max_tokens = 100; token_type = "bearer"',
  'from cryptography import secrets, tokenizer',
  'tokenizer = Tokenizer("english")',
  'author = "somebody", authority = "x", design = "big"',
  'def get_password(user: str) -> str:',
  'for key, value in pairs: print(key, value)',
  'url = "https://host.example:8080/@all/x?mail=a@b.example"',
  "key = 'customer_id'",
  '{"key": "customer_id", "name": "Customer", "value": "7"}',
  'The token is not valid. The password is required.',
  'compass = "north", bypass = True, monkey = "business"',
  'insert into audit select id, name, value from source where status = 1',
  'git diff 3f786850e387550fdab836ed7e6dc881de23001b',
  `sha = "3f786850e387550fdab836ed7e6dc881de23001b"`,
])('stays readable: %s', (text) => {
  expect(mask(text)).toBe(text);
});

describe('the work of the mask is in proportion to the text', () => {
  const pieces = [
    'token=',
    ':=key  ',
    'key=',
    'token="',
    'token=(',
    'token: ',
    'token=\\\n',
    'password = [',
    'password:\n  ',
    'a://b:',
    'a://b@',
    '-----BEGIN PRIVATE KEY-----\n',
    'eyJa',
    'eyJabcdef.eyJabcdef.',
    'glpat-',
    'identified by ',
    'connect a/b',
    '{"id":"token",',
    '"value":"a',
    '\\"token\\":',
    '"token",',
    'token is ',
    'A',
    '"',
    ' ',
    '\n',
    'token',
    'token.',
    '"""',
    'token="""',
    'Bearer ',
    'password: |\n',
  ];
  // Each is looked at by the fuzzer as well; what is not linear takes minutes here, and not seconds.
  test.each(pieces)('5 MB of %j', { timeout: 30_000 }, (piece) => {
    const text = piece.repeat(Math.ceil(5_000_000 / piece.length));
    expect(typeof mask(text)).toBe('string');
  });

  test.each(['token: a', 'token=', '  token:', '-- token is a', 'a://'])('white space behind %j', (begin) => {
    expect(mask(begin + ' '.repeat(5_000_000)).length).toBeGreaterThan(5_000_000);
  });

  test('a line of 9.9 MB overflows nothing', () => {
    expect(mask(`token=${'A'.repeat(9_900_000)}`).length).toBeLessThan(10_000_000);
  });
});
