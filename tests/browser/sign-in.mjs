// The main way through the dashboard in a real browser, with and without JavaScript: node sign-in.mjs
// LINK is that of the first start; browser.mjs says what else it wants. Prints what it saw.
import assert from 'node:assert/strict';
import { WEB, at, atTheProvider, press, sees, visitor, walk } from './browser.mjs';

await walk(async () => {
  // The link of the first start.
  const first = await visitor();
  await first.goto(process.env.LINK);
  await press(first, 'Sign in');
  await sees(first, 'admin (administrator)');
  assert.equal(at(first), '/');
  const [cookie] = await first.context().cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['ostia', true, 'Lax']);
  await first.goto(`${WEB}/settings`);
  await sees(first, 'web.session_idle');
  await press(first, 'Sign out everywhere');
  await sees(first, 'Sign in with');
  await first.goto(`${WEB}/settings`);
  assert.equal(at(first), '/login');

  // A provider, on the way to a page.
  const page = await visitor();
  await page.goto(`${WEB}/settings`);
  await page.getByRole('link', { name: 'Sign in with Work' }).click();
  await atTheProvider(page, 'olga');
  await sees(page, 'olga (operator)');
  assert.equal(at(page), '/settings');
  await press(page, 'Sign out');
  // The browser goes on to the provider by itself, which asks, and sends it back.
  await page.getByRole('button', { name: /yes/i }).click();
  await sees(page, 'Sign in with Work');
  assert.equal(new URL(page.url()).origin, new URL(WEB).origin);
  const left = await page.context().cookies(WEB);
  assert.equal(left.filter(({ name }) => name === 'ostia').length, 0);
  // Signed out there too: it asks who it is.
  await page.getByRole('link', { name: 'Sign in with Work' }).click();
  await page.locator('input[name=login]').waitFor();
});
