/** Shorter values are not searched for: masking every "on" or "8080" would garble the text and protect nothing. */
const shortestSecret = 6;
const hidden = '[hidden]';

/**
 * A function that hides secrets in any text that leaves the bot: each known value, also where it stands in JSON, in a URL or in
 * base64, and whatever follows a key that names a secret, such as `password=…` or `"api-key": "…"`.
 */
export function createMask(secrets: readonly string[]): (text: string) => string {
  const maskValues = createValueMask(secrets);
  return (text) => {
    const masked = maskValues(text);
    // Most lines of a log are names and numbers.
    if (!suspicious.test(masked)) return masked;
    return masked
      .replaceAll(quoted, `$1$2${hidden}$2`)
      .replaceAll(keyed, `$1${hidden}`)
      .replaceAll(valueOfName, `$1$2${hidden}$2`)
      .replaceAll(valueBeforeName, `$1$2${hidden}$2`)
      .replaceAll(oracleAccount, `$1${hidden}@`)
      .replaceAll(userInfo, `$1${hidden}@`);
  };
}

/** Hides each known value in the same forms and nothing else: for texts of our own, which may speak of a token and its setting. */
export function createValueMask(secrets: readonly string[]): (text: string) => string {
  const forms = secrets.flatMap((secret) =>
    secret.length < shortestSecret
      ? []
      : [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64(secret)],
  );
  const longestFirst = [...new Set(forms)].toSorted((one, other) => other.length - one.length);
  return (text) => {
    let masked = text;
    for (const form of longestFirst) masked = masked.replaceAll(form, hidden);
    return masked;
  };
}

const secretName =
  '(?:password|passwd|pwd|passphrase|secret|token|(?:api|private|access|account)[-_.]?key|connection[-_]?string|authorization|credential)';
// Bounded: from each "token" in a long row of them, the pattern would else run to the end and back.
const keySign = `${secretName}[\\w.-]{0,40}\\\\?["']?\\s*(?::=|==|[:=])\\s*`;
/** Before a value in quotes, in code: an index, an argument behind the name, the argument of a setter. */
const codeSign = `${secretName}[\\w.-]{0,40}\\\\?["']?\\](?:\\s*==?\\s*)|\\(\\s*\\\\?["'][\\w.-]{0,80}${secretName}[\\w.-]{0,40}\\\\?["']\\s*,\\s*|${secretName}\\(\\s*`;
/** A value in quotes up to the closing one of the same kind, escaped where the opening one is; else to the end of the line. */
const quoted = new RegExp(
  `(${keySign}|${codeSign})(\\\\?(?:"""|'''|["']))(?:\\\\.|[^\\\\\\n])+?(?:\\2|$)`,
  'gim',
);
const keyed = new RegExp(
  `(${keySign}(?:(?:bearer|basic|token)\\s+)?)(?:\\[hidden\\]|[^\\s"'\\\\,;&)}\\]])+`,
  'gi',
);
const quote = `\\\\{0,7}["']`;
const nameField = `${quote}(?:id|name|key)${quote}\\s*:\\s*${quote}[^"'\\\\\\n]{0,80}${secretName}[^"'\\\\\\n]{0,80}${quote}`;
const valueField = `${quote}value${quote}\\s*:\\s*`;
/** A variable of a pipeline, whose name and value are fields of their own, in either order. */
const valueOfName = new RegExp(
  `(${nameField}\\s*,\\s*${valueField})(${quote})(?:\\\\.|[^\\\\\\n]){1,2000}?(?:\\2|$)`,
  'gim',
);
const valueBeforeName = new RegExp(
  `(${valueField})(${quote})(?:\\\\.|[^"'\\\\\\n]){1,2000}?\\2(?=\\s*,\\s*${nameField})`,
  'gim',
);
/** Oracle's way to write an account, `user/password@host`. */
const oracleAccount = /(\bjdbc:oracle:\w{1,10}:[^\s/@"']{1,100}\/)[^\s@"']{1,200}@/gi;
const userInfo = /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#"']+@/gi;
const named = new RegExp(secretName, 'i');
/** Where this fits nothing, none of the patterns above does. */
const suspicious = new RegExp(`${secretName}|jdbc:oracle|://`, 'i');

/** Whether a field of this name holds a secret, whatever its value. */
export function isSecretKey(name: string): boolean {
  return named.test(name);
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}
