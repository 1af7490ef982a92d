import canonicalize from 'canonicalize';
import type { Content } from './pipeline-config.ts';
export type Fingerprint = string & { readonly brand: 'Fingerprint' };
export async function fingerprintOf(content: Content): Promise<Fingerprint> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalize(content)))).toHex() as Fingerprint;
}
