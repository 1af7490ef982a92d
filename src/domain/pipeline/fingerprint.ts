import { isExactNumber, isJsonObject, type Json } from '../shared/json.ts';
import type { Content } from './config.ts';
import { sha256Hex } from '../shared/sha256.ts';

/** The SHA-256 of a pipeline's content in canonical form, 64 lower-case hex digits. Equal fingerprints mean equal configs. */
export type Fingerprint = string & { readonly brand: 'Fingerprint' };

/**
 * The fingerprint over the canonical JSON of RFC 8785 of the four fields, so neither the title, nor the order of keys, nor layout
 * matters. Spellings of one number are equal (1, 1.0 and 1e0). What RFC 8785 can't represent keeps a form of its own, and so differs from
 * everything else: numbers with more digits or a larger exponent than a double has, and lone surrogates. Never fails.
 */
export async function fingerprintOf(content: Content): Promise<Fingerprint> {
  const { variables, sourceStage, stages, sinkStage } = content;
  return (await sha256Hex(canonicalOf({ variables, sourceStage, stages, sinkStage }))) as Fingerprint;
}

/**
 * A text that two values have in common exactly where the fingerprint makes no difference between them: the canonical form of RFC 8785 of what is within
 * I-JSON, its domain (https://www.rfc-editor.org/rfc/rfc7493), and a form of its own for what is not. That is a string with the mark, a code point that
 * Unicode assigns to nobody; a mark in the data is marked itself.
 */
export function canonicalOf(value: Json): string {
  const parts: string[] = [];
  addCanonical(value, parts);
  return parts.join('');
}

function addCanonical(value: Json, parts: string[]): void {
  if (typeof value === 'string') parts.push(JSON.stringify(representableText(value)));
  else if (isExactNumber(value)) parts.push(JSON.stringify(representableNumber(value.rawJSON)));
  else if (Array.isArray(value)) {
    value.forEach((inner, index) => {
      parts.push(index === 0 ? '[' : ',');
      addCanonical(inner, parts);
    });
    parts.push(value.length === 0 ? '[]' : ']');
  } else if (isJsonObject(value)) {
    // In the order of UTF-16 units, as the RFC wants them.
    const names = Object.keys(value).map((name) => [representableText(name), name] as const);
    names.sort(([one], [other]) => (one < other ? -1 : Number(one > other)));
    names.forEach(([shown, name], index) => {
      parts.push(index === 0 ? '{' : ',', JSON.stringify(shown), ':');
      addCanonical(value[name] ?? null, parts);
    });
    parts.push(names.length === 0 ? '{}' : '}');
  } else parts.push(JSON.stringify(value));
}

const mark = '\uFDD0';

// With the flag u, a surrogate matches only where it has no partner.
const unrepresentable = /[\p{Surrogate}\uFDD0]/gu;

function representableText(text: string): string {
  if (text.isWellFormed() && !text.includes(mark)) return text;
  return text.replace(unrepresentable, (unit) => mark + unit.charCodeAt(0).toString(16));
}

/** The double that stands for the same decimal, else a marked string with all digits. */
function representableNumber(text: string): number | string {
  const double = Number(text);
  const decimal = decimalOf(text);
  return Number.isFinite(double) && decimalOf(String(double)) === decimal ? double : `${mark}#${decimal}`;
}

/**
 * One spelling for all spellings of a number: digits without zeros at either end, and an exponent. Exponents past 2^53 are left as they
 * are written.
 */
function decimalOf(text: string): string {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === '0') start += 1;
  let end = digits.length;
  while (end > start && digits[end - 1] === '0') end -= 1;
  if (start === end) return '0';
  const exponent = Number(power) - fraction.length + digits.length - end;
  if (!Number.isSafeInteger(exponent)) return text.toLowerCase();
  return `${mantissa.startsWith('-') ? '-' : ''}${digits.slice(start, end)}e${exponent}`;
}
