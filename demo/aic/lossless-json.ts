// TypeScript's library does not declare them yet: https://github.com/tc39/proposal-json-parse-with-source
const rawJson: (text: string) => object = Reflect.get(JSON, 'rawJSON');
const isRawJson: (value: unknown) => boolean = Reflect.get(JSON, 'isRawJSON');

/**
 * `JSON.parse`, but a number becomes an object that `JSON.stringify` writes to the last digit as it came:
 * 12345678901234567890 stays that, and 1.0 does not become 1. Throws a SyntaxError when the text is not JSON.
 */
export function parseLossless(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJson(context.source) : value,
  );
}

/** Whether a parsed value was an object in JSON; what stands for a number is an object to JavaScript, too. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJson(value);
}
