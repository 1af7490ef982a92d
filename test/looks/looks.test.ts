import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { openBrowser, widths } from '../../demo/browser.ts';
import { aicProject, setScene, sqlContent, sqlFile, type Scene } from '../e2e/scene.ts';

let browser: Browser;
let scene: Scene;
beforeAll(async () => {
  browser = await openBrowser();
}, 60_000);
afterEach(() => scene.close());
afterAll(() => browser.close());

const query = (index: number, word: string) =>
  Array.from(
    { length: 12 },
    (_, line) => `select column_${line}, ${line === 6 ? word : 'same'} from table_${index}`,
  ).join('\n');

/** What people see of the plan of so many pipelines, on the demo's page of its merge request. */
async function planOf(count: number): Promise<string> {
  scene = await setScene();
  const names = Array.from({ length: count }, (_, index) =>
    index === 0
      ? '<script>x</script> | a name of `some` length *with* @all and !1 in it'
      : `Pipeline ${index}`,
  );
  await scene.commit(
    'develop',
    Object.assign({}, ...names.map((name, index) => sqlFile(name, query(index, 'old')))),
  );
  for (const [index, name] of names.entries())
    scene.world.aic.putPipeline(aicProject, 'PIN QA', name, sqlContent(query(index, 'old')));
  await scene.start();
  await scene.settle();
  const iid = await scene.open(
    'develop',
    Object.assign({}, ...names.map((name, index) => sqlFile(name, query(index, 'new')))),
  );
  await scene.comment(iid, (body) => body.includes(`deploys ${count} pipeline`));
  return `${scene.world.gitlab.url}/pin/pipelines/-/merge_requests/${iid}`;
}

test.each([1, 40, 1_200])(
  'the plan of %i pipelines reads well on a desktop and on a phone',
  async (count) => {
    const url = await planOf(count);
    for (const width of Object.values(widths)) {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      const failures: string[] = [];
      page.on('pageerror', (error) => failures.push(error.message));
      await page.goto(url);
      const comment = page.locator('article').first();
      expect(await comment.locator('strong').first().innerText()).toBe(
        `Merging deploys ${count === 1 ? '1 pipeline' : `${count} pipelines`} to PIN QA: ${count} changed`,
      );
      // Nothing makes the page wider than the screen; tables and code scroll by themselves.
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      // The outcome, the table's head and its first rows are in sight without scrolling.
      expect((await comment.locator('table').first().boundingBox())?.y).toBeLessThan(600);
      expect(await page.locator('script').count()).toBe(0);
      const details = comment
        .locator('details')
        .filter({ has: page.locator('summary', { hasText: 'SQL changed' }) });
      expect(await details.count()).toBeGreaterThan(0);
      expect(await details.first().evaluate((element) => element.hasAttribute('open'))).toBe(false);
      await details.first().locator('summary').click();
      await expect.poll(() => details.first().locator('.diff .new').isVisible()).toBe(true);
      expect(failures).toEqual([]);
      await page.close();
    }
    for (const body of await scene.plans(1)) expect(body.length).toBeLessThan(1_000_000);
  },
  240_000,
);
