// The main way through the dashboard in a real browser, with and without JavaScript: node sign-in.mjs
// MODULES is the folder playwright-core is installed in, CHROMIUM the browser. Prints what it saw; fails when
// something is missing, or when the browser refused anything by the policy of a page.
import assert from 'node:assert/strict';

const { chromium } = (await import(`${process.env.MODULES}/playwright-core/index.js`)).default;
const { WEB, LINK, CHROMIUM, JAVASCRIPT } = process.env;

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
});
const refused = [];

async function visitor() {
  const context = await browser.newContext({ javaScriptEnabled: JAVASCRIPT === 'yes' });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) refused.push(message.text());
  });
  return { context, page };
}

const sees = async (page, text) => {
  await page.getByText(text).first().waitFor({ timeout: 10_000 });
  console.log(`${new URL(page.url()).pathname}: ${text}`);
};

async function atTheProvider(page, name) {
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
}

try {
  // The link of the first start.
  const first = await visitor();
  await first.page.goto(LINK);
  await first.page.getByRole('button', { name: 'Sign in' }).click();
  await sees(first.page, 'admin (administrator)');
  assert.equal(new URL(first.page.url()).pathname, '/');
  const [cookie] = await first.context.cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['ostia', true, 'Lax']);
  await first.page.goto(`${WEB}/settings`);
  await sees(first.page, '--session-idle');
  await first.page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await sees(first.page, 'Sign in with');
  await first.page.goto(`${WEB}/settings`);
  assert.equal(new URL(first.page.url()).pathname, '/login');

  // A provider, on the way to a page.
  const { context, page } = await visitor();
  await page.goto(`${WEB}/settings`);
  await page.getByRole('link', { name: 'Sign in with Work' }).click();
  await atTheProvider(page, 'olga');
  await sees(page, 'olga (operator)');
  assert.equal(new URL(page.url()).pathname, '/settings');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  // The browser goes on to the provider by itself, which asks, and sends it back.
  await page.getByRole('button', { name: /yes/i }).click();
  await sees(page, 'Sign in with Work');
  assert.equal(new URL(page.url()).origin, new URL(WEB).origin);
  assert.equal((await context.cookies(WEB)).filter(({ name }) => name === 'ostia').length, 0);
  // Signed out there too: it asks who it is.
  await page.getByRole('link', { name: 'Sign in with Work' }).click();
  await page.locator('input[name=login]').waitFor();

  assert.deepEqual(refused, []);
} finally {
  await browser.close();
}
