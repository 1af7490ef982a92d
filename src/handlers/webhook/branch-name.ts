import { z } from 'zod';

/** Git keeps a branch as a file, whose name has at most 255 bytes. */
const mostBytes = 255;
const tooLong = { error: `longer than ${mostBytes} bytes` };

/** A branch's name as webhooks tell it. A longer one is made up: it would go into lanes and jobs, and GitLab would be asked for it. */
export const branchName = z.string().refine(isNoLonger, tooLong);

/** The whole name of a branch or a tag. */
export const refName = z
  .string()
  .refine((ref) => isNoLonger(ref.replace(/^refs\/(?:heads|tags)\//, '')), tooLong);

function isNoLonger(name: string): boolean {
  return name.length <= mostBytes && new TextEncoder().encode(name).length <= mostBytes;
}
