import type { Span } from '../shared/json.ts';
import { strengthOf } from './secret-names.ts';
import { none, spanOf, type SecretName } from './secret-location.ts';
import { literalAt, matchAt } from './secret-value.ts';

const valueName = '(?:default[-_]?)?(?:val|value|content)';
const isValue = new RegExp(`^${valueName}$`, 'i');
const isNamed = /(?:id|name|key)\\{0,7}["']?\s{0,5}[:=]\s{0,5}\\{0,7}["']?[^"'\n]{0,30}$/i;
/** In JSON, in a tag, or on the next line of YAML. */
const valueField = new RegExp(
  String.raw`(?:\n[ \t]{0,100}|\b)${valueName}\\{0,7}["']?\s{0,5}[:=]\s{0,5}`,
  'i',
);

/**
 * For variables, whose name and value are fields of their own: called with every name in the text, returns the value once its neighbour names
 * a secret.
 */
export function createFields(text: string): (name: SecretName) => readonly Span[] {
  // The value that was met last, for a name behind it.
  let last: { readonly inner: Span; readonly end: number } | undefined;
  return (name) => {
    if (isValue.test(name.text)) {
      const colon = matchAt(/\s{0,5}[:=]\s{0,5}/y, text, name.after);
      last = colon === undefined ? undefined : literalAt(text, name.after + colon.length);
      return none;
    }
    const before = text.slice(Math.max(0, name.start - 60), name.start);
    if (!isNamed.test(before) || strengthOf(name.text) !== 'strong') return none;
    if (last !== undefined && name.start - last.end < 300 && !/[{}<>]/.test(text.slice(last.end, name.start)))
      return [last.inner];
    const rest = text.slice(name.end, name.end + 400).split(/[{}<>]/, 1)[0] ?? '';
    const field = valueField.exec(rest);
    if (field === null) return none;
    const at = name.end + field.index + field[0].length;
    const literal = literalAt(text, at);
    if (literal !== undefined) return [literal.inner];
    const line = field[0].startsWith('\n') ? matchAt(/[^\s#][^\n]{0,1000}/y, text, at) : undefined;
    return line === undefined ? none : spanOf(at, line).spans;
  };
}
