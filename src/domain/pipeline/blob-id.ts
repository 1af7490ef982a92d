/** Git's id of a file's content: 40 lower-case hex digits, or 64 in a repository with SHA-256. */
export type BlobId = string & { readonly brand: 'BlobId' };

/**
 * The id that git gives a file with this text.
 * @param like an id of the same repository, whose length tells the digest
 */
export async function blobIdOf(text: string, like: BlobId | undefined): Promise<BlobId> {
  const content = new TextEncoder().encode(text);
  const header = new TextEncoder().encode(`blob ${content.length}\0`);
  const object = new Uint8Array(header.length + content.length);
  object.set(header);
  object.set(content, header.length);
  const digest = await crypto.subtle.digest(like?.length === 64 ? 'SHA-256' : 'SHA-1', object);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('') as BlobId;
}
