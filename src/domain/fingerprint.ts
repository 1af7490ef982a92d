import canonicalize from 'canonicalize';
import { isExactNumber, isJsonObject, type Json } from './json.ts';
import type { Content } from './pipeline-config.ts';
import { sha256Hex } from './sha256.ts';

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

/** A text that two values have in common exactly where the fingerprint makes no difference between them. */
export function canonicalOf(value: Json): string {
  const canonical = canonicalize(representable(value));
  if (canonical === undefined) throw new Error('JSON has a canonical form.');
  return canonical;
}

/**
 * The value within I-JSON, the domain of RFC 8785 (https://www.rfc-editor.org/rfc/rfc7493), with no two values made one. What is outside
 * becomes a string with the mark, a code point that Unicode assigns to nobody; a mark in the data is marked itself.
 */
function representable(value: Json): Json {
  if (typeof value === 'string') return representableText(value);
  if (isExactNumber(value)) return representableNumber(value.rawJSON);
  if (isJsonObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => [representableText(field), representable(inner)]),
    );
  }
  return Array.isArray(value) ? value.map(representable) : value;
}

const mark = '\uFDD0';

// With the flag u, a surrogate matches only where it has no partner.
const unrepresentable = /[\p{Surrogate}\uFDD0]/gu;

function representableText(text: string): string {
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
