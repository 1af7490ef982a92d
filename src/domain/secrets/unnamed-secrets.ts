import type { Span } from '../shared/json.ts';
import { mostValueLines } from './secret-value.ts';
import { knownToken, tokenStart } from './token-formats.ts';

/** Secrets that no name stands before: those of addresses and accounts, private keys, and tokens of a known form. Takes time in proportion to the text. */
export function unnamedSecrets(text: string): readonly Span[] {
  return [
    ...addresses(text),
    ...accounts(text),
    ...privateKeys(text),
    ...tokens(text),
    ...awsSecrets(text),
    ...azureSecrets(text),
    ...options(text),
  ];
}

const address = /[a-z][a-z0-9+.-]{1,20}:\/\/([^\s"'`<>]{1,100000})/gi;

/** The user part of an address. Passwords hold unencoded `@`, `/`, `?` and `#`: where a name and a colon come first, it reaches to the last `@`. */
function addresses(text: string): readonly Span[] {
  return [...text.matchAll(address)].flatMap(({ 0: whole, 1: rest = '', index }) => {
    const inner = rest.lastIndexOf('://');
    // Another address within this one is looked at for itself.
    const own = inner === -1 ? rest : rest.slice(0, rest.indexOf('://'));
    const host = own.search(/[/?#]/);
    const authority = host === -1 ? own : own.slice(0, host);
    const isAccount = /^[^:@/]{0,300}:(?!\d{1,5}$)/.test(authority);
    const end = isAccount ? own.lastIndexOf('@') : authority.lastIndexOf('@');
    const start = index + whole.length - rest.length;
    return [
      ...(end < 1 ? [] : [{ start, end: start + end }]),
      ...(inner === -1 ? [] : nested(text, start + own.length, start + rest.length)),
    ];
  });
}

/** The addresses within one, such as `jdbc:x://…://…`; each is cut off where the next begins. */
function nested(text: string, from: number, to: number): readonly Span[] {
  const spans: Span[] = [];
  for (let at = from; at < to;) {
    const start = at + 3;
    const next = text.indexOf('://', start);
    const end = next === -1 || next > to ? to : next;
    const own = text.slice(start, end);
    const host = own.search(/[/?#]/);
    const sign = (host === -1 ? own : own.slice(0, host)).lastIndexOf('@');
    if (sign > 0) spans.push({ start, end: start + sign });
    at = end;
  }
  return spans;
}

/** Oracle's way to write an account, `user/password@host`. */
const account =
  /(?:\bjdbc:oracle:\w{1,10}:|\b(?:connect|conn|sqlplus|sqlldr|expdp|impdp|userid)[ \t]{0,5}=?[ \t]{0,5}(?:-\w{1,10}[ \t]{1,5}){0,3}["']?)[^\s/@"'=:]{1,100}\/([^\s"']{1,300})/gi;

function accounts(text: string): readonly Span[] {
  return [...text.matchAll(account)].flatMap(({ 0: whole, 1: rest = '', index }) => {
    const start = index + whole.length - rest.length;
    const end = rest.lastIndexOf('@');
    return end < 1 ? [] : [{ start, end: start + end }];
  });
}

const keyBegin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----/g;

/** From the head of a private key to its foot; without a foot, all that may belong to it. */
function privateKeys(text: string): readonly Span[] {
  const spans: Span[] = [];
  let foot = 0;
  for (const { 0: head, index } of text.matchAll(keyBegin)) {
    const start = index + head.length;
    if (spans.length > 0 && index < (spans.at(-1)?.end ?? 0)) continue;
    if (foot !== -1 && foot < start) foot = text.indexOf('-----END', start);
    spans.push({ start, end: foot === -1 ? endOfKey(text, start) : Math.min(foot, endOfLines(text, start)) });
  }
  return spans;
}

function endOfKey(text: string, start: number): number {
  const rest = text.slice(start, endOfLines(text, start));
  return start + (/^(?:[\w+/=:, \t\r\\-]{0,2000}\n){0,500}[\w+/=\\]{0,2000}/.exec(rest)?.[0].length ?? 0);
}

function endOfLines(text: string, start: number): number {
  let at = start;
  for (let lines = 0; lines < mostValueLines; lines += 1) {
    const next = text.indexOf('\n', at);
    if (next === -1 || next - start > 100_000) return Math.min(text.length, start + 100_000);
    at = next + 1;
  }
  return at;
}

const start = new RegExp(`(?<![A-Za-z0-9])(?:${tokenStart})`, 'g');

function tokens(text: string): readonly Span[] {
  const spans: Span[] = [];
  for (const { index } of text.matchAll(start)) {
    if (index < (spans.at(-1)?.end ?? 0)) continue;
    knownToken.lastIndex = index;
    const token = knownToken.exec(text)?.[0];
    if (token !== undefined) spans.push({ start: index, end: index + token.length });
  }
  return spans;
}

const fortyCharacters = /(["'`])([A-Za-z0-9/+]{40})\1/g;

/** AWS's secret keys have no mark but their length; a hash of as many digits has letters of one case alone. */
function awsSecrets(text: string): readonly Span[] {
  return [...text.matchAll(fortyCharacters)].flatMap(({ 2: value = '', index }) =>
    /\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value)
      ? [{ start: index + 1, end: index + 41 }]
      : [],
  );
}

/** Three characters, a digit and `Q~`, some 40 in all: https://github.com/gitleaks/gitleaks, rule `azure-ad-client-secret`. */
const azureSecret = /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{25,40}/g;

function azureSecrets(text: string): readonly Span[] {
  return [...text.matchAll(azureSecret)].map(({ 0: whole, index }) => ({
    start: index,
    end: index + whole.length,
  }));
}

/** `curl -u user:password`, also as a list of arguments, and `mysql -ppassword`; not the numbers of a user and a group. */
const option =
  /(?:(?<=\s|["'])(?:-[uU]|--user|--proxy-user)["']?[,\s=]{1,5}["']?(?!\d{1,9}:\d)[^\s"':/]{1,100}:|\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;]{0,200}?[ \t]-p)([^\s"']{1,300})/g;
function options(text: string): readonly Span[] {
  const spans: Span[] = [];
  for (const { 0: whole, 1: value = '', index } of text.matchAll(option)) {
    const end = index + whole.length;
    spans.push({ start: end - value.length, end });
  }
  return spans;
}
