import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isSecretKey } from '../../../src/domain/secrets/secret-names.ts';
import { createMask } from '../../../src/domain/secrets/mask.ts';

const secret = 'p"a ss/wörd+1';
const mask = createMask([secret, 'glpat-1234567890']);
const maskNothing = createMask([]);

describe('a known secret is hidden', () => {
  test.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify({ note: secret })],
    ['in a URL', `https://aic.example/?x=${encodeURIComponent(secret)}`],
    ['in base64', btoa(String.fromCodePoint(...new TextEncoder().encode(secret)))],
    ['twice', `${secret} and ${secret}`],
    ['within a word', `x${secret}y`],
  ])('%s', (_, text) => {
    const masked = mask(text);
    expect(masked).toContain('[hidden]');
    for (const part of ['ss/w', 'ss%2F', '+1', btoa('p"a')]) expect(masked).not.toContain(part);
  });

  test('and nothing else with it', () => {
    expect(mask('Used glpat-1234567890 for main.')).toBe('Used [hidden] for main.');
  });

  test('whole where one secret begins another', () => {
    expect(createMask(['abcdef', 'abcdef-long'])('x abcdef-long y abcdef z')).toBe('x [hidden] y [hidden] z');
  });

  test('not where it is too short to tell', () => {
    expect(createMask(['on', '12345'])('on 12345')).toBe('on 12345');
    expect(createMask(['123456'])('on 123456')).toBe('on [hidden]');
  });

  test('once, also where its name stands before it', () => {
    expect(mask('token=glpat-1234567890')).toBe('token=[hidden]');
    expect(mask('"token": "glpat-1234567890"')).toBe('"token": "[hidden]"');
    expect(mask('Authorization: Bearer glpat-1234567890')).toBe('Authorization: Bearer [hidden]');
    expect(mask('https://bot:glpat-1234567890@a.example')).toBe('https://[hidden]@a.example');
  });

  test('in any text around it', () => {
    const any = fc.string({ unit: 'grapheme', maxLength: 30 });
    const long = fc.string({ unit: 'grapheme', minLength: 6, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 3 }), any, any, (secrets, before, after) => {
        fc.pre(secrets.every((each) => !'[hidden]'.includes(each)));
        const hide = createMask(secrets);
        for (const each of secrets) {
          expect(hide(before + each + after)).not.toContain(each);
          expect(hide(JSON.stringify({ [before]: each }))).not.toContain(JSON.stringify(each).slice(1, -1));
          const inUrl = encodeURIComponent(each);
          expect(hide(`https://a.example/${inUrl}/?${encodeURIComponent(after)}`)).not.toContain(inUrl);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('what follows the name of a secret is hidden', () => {
  test.each([
    ['password=hunter2', 'password=[hidden]'],
    ['db_password = hunter2, retry', 'db_password = [hidden], retry'],
    ['PASSWORD: hunter2', 'PASSWORD: [hidden]'],
    ['?private_token=abc&page=2', '?private_token=[hidden]&page=2'],
    ['{"api-key": "v", "page": 2}', '{"api-key": "[hidden]", "page": 2}'],
    ['{"apiKey":"v"}', '{"apiKey":"[hidden]"}'],
    ["{ token: 'a b', next: 1 }", "{ token: '[hidden]', next: 1 }"],
    ['{"password":"a, b; c","page":2}', '{"password":"[hidden]","page":2}'],
    ['{"password":"a\\"b","page":2}', '{"password":"[hidden]","page":2}'],
    ['"{\\"secret\\":\\"a b\\",\\"page\\":2}"', '"{\\"secret\\":\\"[hidden]\\",\\"page\\":2}"'],
    ['"password": "cut off in the mid', '"password": "[hidden]'],
    ['Authorization: Bearer eyJ.abc', 'Authorization: Bearer [hidden]'],
    ['authorization: basic dXNlcjpw', 'authorization: basic [hidden]'],
    ['Authorization: Token abc', 'Authorization: Token [hidden]'],
    ['"Authorization":"Bearer abc"', '"Authorization":"[hidden]"'],
    ['PRIVATE-TOKEN: glpat-x', 'PRIVATE-TOKEN: [hidden]'],
    ['x-api-key: v', 'x-api-key: [hidden]'],
    ['AIC_QA_API_KEY=v', 'AIC_QA_API_KEY=[hidden]'],
    ['client_secret_value=v', 'client_secret_value=[hidden]'],
    ['aws-credentials: v', 'aws-credentials: [hidden]'],
  ])('%s', (text, masked) => {
    expect(maskNothing(text)).toBe(masked);
  });
});

describe('the user part of an address is hidden', () => {
  test.each([
    ['postgres://bot:pw@db.example/aic', 'postgres://[hidden]@db.example/aic'],
    ['smtps://user%40x:p%2Fw@mail.example:465', 'smtps://[hidden]@mail.example:465'],
    ['https://oauth2:glpat@gitlab.example/a.git', 'https://[hidden]@gitlab.example/a.git'],
    ['postgres://bot:p@w@db.example/aic', 'postgres://[hidden]@db.example/aic'],
    [`https://${'t'.repeat(2_000)}@a.example`, 'https://[hidden]@a.example'],
  ])('%s', (text, masked) => {
    expect(maskNothing(text)).toBe(masked);
  });
});

test('what is masked shows nothing more when it is masked again', () => {
  const pieces = fc.constantFrom(
    'token',
    'password',
    'Authorization',
    'Bearer',
    ':',
    '=',
    '"',
    "'",
    ' ',
    '://',
    '@',
    'x',
    ',',
    'glpat-1234567890',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (some) => {
      const masked = mask(some.join(''));
      const shown = mask(masked).split('[hidden]');
      expect(shown.filter((piece) => !masked.includes(piece))).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  'Deployed 2 pipelines to PIN FUSION 2.0 QA: 1 created, 1 updated',
  'The token is not valid.',
  'a tokenizer, a secretary and passwords',
  'https://gitlab.example/a/b?mail=a@b.example#c@d',
  'https://gitlab.example/@all/x',
  'team@example.com wrote: hello',
  '12:30 key=value',
  '',
])('ordinary text stays as it is: %s', (text) => {
  expect(mask(text)).toBe(text);
});

test.each([
  'a',
  '-',
  'token',
  'token-',
  'token ',
  'token:',
  'token="',
  'token=\\"',
  'token=\\',
  ' ',
  'a://',
  'a-a.',
  'a://a@',
  'password = ',
  '\\"',
])('a megabyte of %j is masked in the end', (piece) => {
  const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
  expect(typeof mask(text)).toBe('string');
  expect(typeof mask(`a://${text}`)).toBe('string');
  expect(typeof mask(`token: "${text}`)).toBe('string');
});

test('fields that hold secrets are known by their names', () => {
  const names = [
    'password',
    'X-Api-Key',
    'apiKey',
    'private_token',
    'Authorization',
    'clientSecret',
    'passwd',
    'pass',
    'pw',
    'auth',
    'jwt',
    'key',
    'salt',
    'dbpassword',
    'AWS_SECRET_ACCESS_KEY',
    'DB_PASS',
    'encryptionKey',
    'kennwort',
    'sasToken',
  ];
  expect(names.filter((name) => !isSecretKey(name))).toStrictEqual([]);
  const others = [
    'author',
    'branch',
    'primary_key',
    'sortKey',
    'token_count',
    'maxTokens',
    'tokenizer',
    'secretary',
    'passenger',
    'compass',
    'bypass',
    'authority',
    'monkey',
    'design',
    '',
  ];
  expect(others.filter(isSecretKey)).toStrictEqual([]);
});

describe('hides in what an upstream repeats of a config', () => {
  const value = 'planted-value';

  test.each([
    `Server=db;Uid=loader;Pwd=${value};`,
    `AccountName=a;AccountKey=${value}==;EndpointSuffix=x`,
    `SharedAccessKey=${value}`,
    `aws_access_key: ${value}`,
    `passphrase = "${value} of words"`,
    `"connectionString": "Server=db;Password=${value}"`,
    `jdbc:oracle:thin:loader/${value}@db.example.com:1521/sales`,
    `postgresql://loader:${value}@db.example.com/sales`,
    `{"id":"db_password","value":"${value}"}`,
    `{"value":"${value}","id":"db_password"}`,
    `{"name": "API-KEY", "value": "${value} \\" and more"}`,
    JSON.stringify(`{"id":"db_password","value":"${value}"}`),
    JSON.stringify(JSON.stringify({ value, name: 'token' })),
  ])('%s', (text) => {
    expect(maskNothing(text)).not.toContain(value);
    expect(maskNothing(text)).toContain('[hidden]');
  });

  test('no variable whose name is harmless', () => {
    const text = '{"id":"QA","value":"False"},{"id":"password","value":"x"}';
    expect(maskNothing(text)).toBe('{"id":"QA","value":"False"},{"id":"password","value":"[hidden]"}');
  });
});

test.each([
  'conf["password"]="hunter2-secret"',
  'headers["X-Api-Key"] = "hunter2-secret"',
  'os.environ["AWS_SECRET_ACCESS_KEY"] = "hunter2-secret"',
  '.option("password", "hunter2-secret")',
  'spark.conf.set("fs.azure.account.key.x.net", "hunter2-secret")',
  'setPassword("hunter2-secret")',
  "PASSWORD := 'hunter2-secret'",
  'password="""hunter2-secret"""',
  'password == "hunter2-secret"',
])('in code, what follows the name of a secret is hidden: %s', (text) => {
  expect(maskNothing(text)).not.toContain('hunter2');
});
