import { blobIdOf } from './blob-id.ts';
import { fingerprintOf } from './fingerprint.ts';
import { parseConfig } from './config.ts';

/**
 * What makes a file's text one version: two texts that have one of these in common are the same. Byte for byte, or for configs by content, as
 * when one of them was written by the Python library.
 */
export async function identitiesOf(text: string): Promise<readonly string[]> {
  const content = parseConfig(text);
  const blob = await blobIdOf(text, undefined);
  return content.ok ? [blob, await fingerprintOf(content.value)] : [blob];
}
