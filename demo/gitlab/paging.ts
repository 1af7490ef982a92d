import type { Context } from 'hono';
import { badParameter } from './refusal.ts';

const mostPerPage = 100;

/** Which page of a list a call asks for. */
export interface Page {
  /** From 1. */
  readonly page: number;
  readonly perPage: number;
}

/** 20 rows a page, 100 at most: more is silently cut to 100. */
export function readPage(c: Context): Page {
  return {
    page: wholeQuery(c, 'page') ?? 1,
    perPage: Math.min(wholeQuery(c, 'per_page') ?? 20, mostPerPage),
  };
}

function wholeQuery(c: Context, name: string): number | undefined {
  const value = c.req.query(name);
  if (value === undefined || value === '') return undefined;
  if (!/^\d{1,9}$/.test(value)) throw badParameter(`${name} is invalid`);
  if (Number(value) < 1) throw badParameter(`${name} does not have a valid value`);
  return Number(value);
}

/** The page of the list that the call asks for, with GitLab's headers for paging by number. */
export function pageOf<Row>(c: Context, rows: readonly Row[], present: (row: Row) => unknown): Response {
  const { page, perPage } = readPage(c);
  const shown = rows.slice((page - 1) * perPage, page * perPage);
  return Response.json(shown.map(present), { headers: pageHeaders(c, { page, perPage }, rows.length) });
}

/** Without totals when the list is of the kind that GitLab does not count; the number of rows is then only compared. */
export function pageHeaders(
  c: Context,
  { page, perPage }: Page,
  rows: number,
  totals: 'with-totals' | 'without-totals' = 'with-totals',
): Record<string, string> {
  const pages = Math.max(1, Math.ceil(rows / perPage));
  const next = page < pages ? page + 1 : undefined;
  const previous = page > 1 ? page - 1 : undefined;
  const links = [
    ...(previous === undefined ? [] : [link(c, { page: previous, per_page: perPage }, 'prev')]),
    ...(next === undefined ? [] : [link(c, { page: next, per_page: perPage }, 'next')]),
    link(c, { page: 1, per_page: perPage }, 'first'),
    ...(totals === 'with-totals' ? [link(c, { page: pages, per_page: perPage }, 'last')] : []),
  ];
  return {
    link: links.join(', '),
    'x-page': String(page),
    'x-per-page': String(perPage),
    'x-next-page': String(next ?? ''),
    'x-prev-page': String(previous ?? ''),
    ...(totals === 'with-totals' ? { 'x-total': String(rows), 'x-total-pages': String(pages) } : {}),
  };
}

/** One entry of a Link header: the call's own address with other parameters. */
export function link(c: Context, changes: Record<string, string | number>, relation: string): string {
  const url = new URL(c.req.url);
  for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, String(value));
  return `<${url.href}>; rel="${relation}"`;
}
