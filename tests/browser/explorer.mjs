// The API tried from its own page, with a key: node explorer.mjs
// KEY is that of somebody; browser.mjs says what else it wants. Prints what it saw.
import assert from 'node:assert/strict';
import { WEB, sees, visitor, walk } from './browser.mjs';

const { KEY } = process.env;

await walk(async () => {
  const page = await visitor();
  const asked = new Set();
  page.on('request', (request) => asked.add(new URL(request.url()).origin));
  await page.goto(`${WEB}/api/docs`);
  await page.locator('#operations-me-get_v1_me').waitFor();
  console.log('every operation is on the page');

  // Nobody in particular is refused, and says why.
  const me = page.locator('#operations-me-get_v1_me');
  const answered = async () => {
    const answer = page.waitForResponse(`${WEB}/v1/me`);
    await me.getByRole('button', { name: 'Execute', exact: true }).click();
    return answer;
  };
  await me.locator('.opblock-summary-control').click();
  assert.equal((await answered()).status(), 401);

  await page.getByRole('button', { name: 'Authorize', exact: true }).first().click();
  const bearer = page.locator('.auth-container', { hasText: 'bearer' });
  await bearer.locator('input').fill(KEY);
  await bearer.getByRole('button', { name: 'Apply credentials' }).click();
  await bearer.getByText('Authorized').waitFor();
  await bearer.getByRole('button', { name: 'Close' }).click();

  const answer = await answered();
  assert.equal(answer.status(), 200);
  assert.equal(answer.request().headers().authorization, `Bearer ${KEY}`);
  await me.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
  await sees(page, 'read-only');
  assert.deepEqual([...asked].filter((origin) => origin !== new URL(WEB).origin && origin !== 'null'), []);
  console.log('/v1/me: 200');

  await page.getByRole('link', { name: 'To read, without scripts' }).click();
  await sees(page, 'GET /v1/me');
  await page.getByRole('link', { name: '/api/docs' }).click();
  await page.locator('#operations-me-get_v1_me').waitFor();
});
