/** How sure a name is to hold a secret: `strong` for `db_password`, `weak` for a bare `key`, which is as often the name of a column. */
export type NameStrength = 'strong' | 'weak' | 'none';

/** Longer names are judged by their end: `…_password` says it there. */
const longestName = 120;

/** Words that name a secret wherever they stand in a name. */
const strongWords = new Set(
  `pass passw passwd password passwords passphrase passcode passwort kennwort wachtwoord senha contrasena contraseña pw pwd pswd secret secrets
  token tokens credential credentials cred creds auth authorization authentication bearer jwt apikey apikeys accesskey secretkey privatekey accountkey
  encryptionkey signingkey sharedkey masterkey sas sig connectionstring connstr`.split(/\s+/),
);

/** Parts of words that are written as one, such as `dbpassword`. */
const parts =
  /passw(?:or)?d|passphrase|passcode|passwort|kennwort|secret(?!ar)|credential|(?:api|access|private|secret|account|encryption|signing|shared|master)key|pwd|token(?!i[sz]|e)|connectionstring|authorization/;

/** Before `key`, these make it a secret; `primary`, `sort` or `customer` do not. */
const beforeKey = new Set(
  'api private access account secret encryption encrypt decryption signing signature shared master client service storage subscription license hmac aes ssh rsa pgp gpg ssl tls deploy function host webhook session cookie auth aws azure gcp security passphrase'.split(
    ' ',
  ),
);

/** Words of names that hold something random now and then, and something harmless as often. */
const weakWords = new Set(
  'key keys salt signature cookie cookies session certificate cert dsn login hmac nonce otp totp'.split(' '),
);

/** At the end of a name these tell that it is about a secret, and holds none. */
const about = new Set(
  `count counts counter length len size limit limits budget max min num number type types kind url uri endpoint column columns col table index policy expiry expires
  expired expiration ttl age usage used required enabled disabled valid field rotation mode format file path`.split(
    /\s+/,
  ),
);

/** Whether a field, a variable or a name in code holds a secret, by its name alone. */
export function strengthOf(name: string): NameStrength {
  const words = wordsOf(name.slice(-longestName));
  const last = words.at(-1) ?? '';
  // `max_tokens`, `token_count`; but `password_file = …` may hold a path to what is secret, and `key_id` belongs to a key.
  if (words.length > 1 && (about.has(last) || /^(?:max|min|num|n|total)$/.test(words[0] ?? '')))
    return 'none';
  if (words.some((word, index) => isStrong(word, words[index - 1], words[index + 1]))) return 'strong';
  return words.some((word) => weakWords.has(word)) && isWeakName(words) ? 'weak' : 'none';
}

/** Whether a field of this name holds a secret, whatever its value. */
export function isSecretKey(name: string): boolean {
  const strength = strengthOf(name);
  return strength === 'strong' || (strength === 'weak' && wordsOf(name).length === 1);
}

function isStrong(word: string, before: string | undefined, after: string | undefined): boolean {
  if (strongWords.has(word) || parts.test(word)) return true;
  if ((word === 'key' || word === 'keys') && before !== undefined && beforeKey.has(before)) return true;
  return word === 'connection' && (after === 'string' || after === 'str');
}

/** `key` and `session_cookie`; not `primary_key`, which a warehouse is full of. */
function isWeakName(words: readonly string[]): boolean {
  return words.every((word) => weakWords.has(word) || /^\d+$/.test(word)) || words.at(-1) !== 'key';
}

/** `dbPassword`, `DB_PASSWORD`, `db-password` and `db.password` are the words `db` and `password`. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');
}

/** Whether a sentence speaks of a secret, such as `the password of etl`. */
export function mentionsSecret(text: string): boolean {
  return text
    .slice(0, 1_000)
    .split(/[^\p{L}\d_$.-]+/u)
    .some((word) => strengthOf(word) === 'strong');
}
