import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { mask } from '../../../src/domain/secrets/mask.ts';
import { textDiff } from '../../../src/domain/pipeline/diff/text-diff.ts';
import { finished } from '../finished.ts';

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
/** Where no sign stands between the name and the value, or something else does; a block of text would be another statement. */
const besideForms = [
  'NAME\n  QUOTED',
  'create user etl NAME\nQUOTED',
  'NAME\n= QUOTED',
  'NAME \\\n  = QUOTED',
  'NAME by QUOTED',
  'set NAME for etl = QUOTED',
  "set NAME for 'etl'@'%' = QUOTED",
  'user, NAME = "etl", QUOTED',
  'NAME, user = QUOTED, "etl"',
  '(user, NAME) = (\n  "etl",\n  QUOTED,\n)',
  "insert into t (name, NAME, x)\nvalues (1, 'etl', QUOTED),\n  (2, 'b', QUOTED)",
  'setattr(cfg, "NAME", QUOTED)',
  'cfg.set("db", "NAME", QUOTED)',
  'cfg.set(\n  "db",\n  "NAME",\n  QUOTED,\n)',
  'OPTIONS ("NAME" QUOTED)',
  "TBLPROPERTIES (\n  'NAME'\n    QUOTED)",
  '<NAME>VALUE</NAME>',
  '<NAME type="x">\n  VALUE\n</NAME>',
  '<NAME><![CDATA[VALUE<]]></NAME>',
  '<NAME value=QUOTED />',
  '<x name="NAME" value=QUOTED/>',
  '<x value=QUOTED key="NAME"/>',
  'NAME: Annotated[str, Field()] = QUOTED',
  'NAME: Annotated[str, Field(default=QUOTED)] = x',
  '{"name":"NAME","val":QUOTED}',
  '{"key": "NAME", "content": QUOTED}',
  '- name: NAME\n  value: VALUE',
  '- name: NAME\n  value: QUOTED',
  'machine x login etl NAME VALUE',
  '# NAME VALUE',
  'NAME\tVALUE',
  'if QUOTED == NAME:',
  'x = QUOTED != NAME',
  'NAME=\\\nVALUE',
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
  .tuple(
    name,
    value,
    fc.oneof(
      fc.tuple(quoting, fc.constantFrom(...quotedForms, ...bareForms)),
      fc.tuple(fc.constantFrom('"', "'"), fc.constantFrom(...besideForms)),
    ),
  )
  .map(([key, secret, [begin, shape]]) => {
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

  test.each([
    ['x = "', '" != password'],
    ['if "', '" == user.password:'],
    ["'", "' <> db_password"],
  ])('where it looks like a name itself: %smy_pw%s', (before, after) => {
    expect(mask(`${before}my_pw${after}\n`)).toBe(`${before}[hidden]${after}\n`);
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
    `create user etl identified with mysql_native_password by '${secret}'`,
    `create user etl identified with sha256_password\n  as '${secret}'`,
    `create user etl identified via mysql_native_password using password('${secret}')`,
    `create user etl identified by password '${secret}'`,
    `set password for etl = password('${secret}')`,
    `curl -u etl:${secret} https://x.example`,
    `["curl", "--user", "etl:${secret}", "https://x.example"]`,
    `mysqldump -uetl -p${secret} db`,
    `server.login("etl@x.example", "${secret}")`,
    `cx_Oracle.connect(\n  "etl", "${secret}", "db")`,
    `select aes_decrypt(c, "${secret}"), pgp_sym_decrypt(c, '${secret}') from t`,
    `hmac.new(b"${secret}", message)`,
    `x = "Zz08Q~${secret}abcdefghijklmnopqrstuvw.y"`,
    `GR1348941${secret}abcdefghij`,
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
  'select token, id\nfrom t where token\n  is not null',
  'for token, id in rows:\n  print("x")',
  'from vault import token\n\n"""\nselect 1\n"""',
  'df.toDF("id", "token", "name")',
  'for column in ["id", "token", "name"]: pass',
  'create table t (token varchar2(30), password varchar2, secret int64)',
  'connect("db.example", port=1); session.login("etl")',
  'cipher.decrypt(column); encrypted = "yes"',
  'x.content = "text"; val = "text"; name = "content"',
  'docker run -u 1000:1000 image; python -u main.py',
  'List<Token> list = new ArrayList<>();',
  'if "x" == name: print(token)',
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
    'token,',
    'f(a,"token",',
    '<token>',
    '<token a="',
    'token: a[',
    'token\n',
    '"a"==token ',
    'decrypt(',
    'login("',
    'connect(a,b,c,',
    'token for a',
    'name="token" ',
    'name: token\n',
    'val="',
    '(token) values (',
    'token,a=b,',
    ' -u a:',
    'mysql ',
    '1Q~~',
    'user a token ',
    'identified with a ',
    'token\\\n',
    '"token" "',
  ];
  // Each is looked at by the fuzzer as well; what is not linear takes minutes here, and not seconds.
  test.each(pieces)('2 MB of %j', { timeout: 15_000 }, (piece) => {
    const text = piece.repeat(Math.ceil(2_000_000 / piece.length));
    expect(typeof mask(text)).toBe('string');
  });

  test.each(['token: a', 'token=', '  token:', '-- token is a', 'a://'])('white space behind %j', (begin) => {
    expect(mask(begin + ' '.repeat(5_000_000)).length).toBeGreaterThan(5_000_000);
  });

  test('a line of 9.9 MB overflows nothing', () => {
    expect(mask(`token=${'A'.repeat(9_900_000)}`).length).toBeLessThan(10_000_000);
  });
});
