import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import type { Instance } from './instance.ts';
import { issueIn } from './issue-routes.ts';
import { mergeRequestIn } from './merge-request-routes.ts';
import type { Note } from './note.ts';
import type { Noteable } from './noteable.ts';
import type { Project } from './project.ts';

const pages = { merge_requests: mergeRequestIn, issues: issueIn } as const;

/**
 * GitLab's pages of merge requests and issues, as far as the demo has them: to read what the bot says as people see it. Everybody sees them. HTML in
 * comments is not taken out, as GitLab does: what gets through would be seen here; scripts never run.
 */
export function pageRoutes(instance: Instance): Hono {
  const app = new Hono();
  app.get('/:path{.+}/-/:kind{merge_requests|issues}/:iid', (c) => {
    const kind = c.req.param('kind') === 'issues' ? 'issues' : 'merge_requests';
    const project = instance.projects.find(c.req.param('path'));
    if (project === undefined) return c.notFound();
    const page = pageOf(instance, project, pages[kind](project, c.req.param('iid')));
    return c.html(page, 200, { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" });
  });
  return app;
}

function pageOf(instance: Instance, project: Project, noteable: Noteable) {
  const reference = `${noteable.type === 'Issue' ? '#' : '!'}${noteable.iid}`;
  const threads = new Map<string, Note[]>();
  for (const note of noteable.notes)
    threads.set(note.discussion, [...(threads.get(note.discussion) ?? []), note]);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${noteable.title} (${reference})</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <p class="crumbs">${project.path} · ${reference} · ${noteable.state}</p>
          <h1>${noteable.title}</h1>
          <div class="md">${raw(rendered(noteable.description))}</div>
          ${[...threads.values()].map((notes) => html`<section>${notes.map(noteOf)}</section>`)}
        </main>
      </body>
    </html>`;

  function noteOf(note: Note) {
    const emoji = note.awards.map(({ name }) => emojis[name] ?? name).join(' ');
    return html`<article id="note_${note.id}">
      <header>
        <b>${note.author.name}</b> @${note.author.username}
        <time>${note.createdAt.toISOString().slice(0, 16).replace('T', ' ')}</time> ${emoji}
      </header>
      <div class="md">${raw(rendered(note.body))}</div>
    </article>`;
  }
}

const emojis: Readonly<Record<string, string>> = { eyes: '👀', white_check_mark: '✅', x: '❌' };

/** Markdown as GitLab takes it, nearly: tables, strikethrough, task lists and links of themselves. */
function rendered(markdown: string): string {
  return micromark(markdown, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  }).replaceAll(
    diffBlock,
    (_block, code: string) => `<pre class="diff"><code>${coloured(code)}</code></pre>`,
  );
}

const diffBlock = /<pre><code class="language-diff">([\s\S]*?)<\/code><\/pre>/g;

function coloured(code: string): string {
  return code
    .split('\n')
    .map((line) => {
      const kind = line.startsWith('+')
        ? 'new'
        : line.startsWith('-')
          ? 'old'
          : line.startsWith('@')
            ? 'at'
            : '';
      return kind === '' ? line : `<span class="${kind}">${line}</span>`;
    })
    .join('\n');
}

const style = `
  * { box-sizing: border-box; }
  body { margin: 0; font: 14px/1.5 -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Ubuntu, Cantarell, 'Helvetica Neue', sans-serif, 'Noto Color Emoji'; color: #28272d; background: #fff; }
  main { max-width: 1000px; margin: 0 auto; padding: 16px; }
  .crumbs { color: #737278; margin: 0; } h1 { font-size: 20px; margin: 4px 0 16px; }
  section { border: 1px solid #dcdcde; border-radius: 4px; margin: 16px 0; }
  article { padding: 12px 16px; } article + article { border-top: 1px solid #ececef; background: #fbfafd; }
  header { color: #737278; margin-bottom: 8px; } header b { color: #28272d; } time { margin-left: 8px; }
  .md { overflow-wrap: anywhere; } .md > :first-child { margin-top: 0; } .md > :last-child { margin-bottom: 0; }
  .md table { display: block; overflow-x: auto; border-collapse: collapse; margin: 0 0 16px; width: max-content; max-width: 100%; }
  .md th, .md td { border: 1px solid #dcdcde; padding: 8px 12px; text-align: left; vertical-align: top; overflow-wrap: break-word; }
  .md th { background: #ececef; } .md code { font: 12.6px/1.5 'GitLab Mono', 'JetBrains Mono', Menlo, 'DejaVu Sans Mono', 'Liberation Mono', Consolas, monospace; background: #ececef; border-radius: 4px; padding: 2px 4px; overflow-wrap: break-word; }
  .md pre { background: #fbfafd; border: 1px solid #dcdcde; border-radius: 4px; padding: 8px 12px; overflow-x: auto; } .md pre code { background: none; padding: 0; white-space: pre; }
  .diff .new { background: #ddfbe6; } .diff .old { background: #f9d7dc; } .diff .at { color: #737278; }
  .md a { color: #1068bf; text-decoration: none; } .md a code { color: inherit; } summary { cursor: pointer; margin: 8px 0; } .md ul { padding-left: 24px; }
`;
