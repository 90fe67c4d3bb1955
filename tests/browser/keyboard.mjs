// From a login link to a key and its end without a pointer: node keyboard.mjs
// LINK is that of the first start; browser.mjs says what else it wants.
import assert from 'node:assert/strict';
import { WEB, at, sees, visitor, walk } from './browser.mjs';

const MOST_STOPS = 80;

// What has the focus: its name, and whether somebody who looks can tell.
const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  const shown = element.matches('input[type=radio], input[type=checkbox]') ? element.closest('label') : element;
  const label = element.labels?.[0]?.textContent;
  const { left, right, top, bottom } = shown.getBoundingClientRect();
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return {
    name: (element.getAttribute('aria-label') ?? label ?? element.textContent).trim(),
    tag: element.tagName.toLowerCase(),
    on: right > 0 && left < innerWidth && bottom > 0 && top < innerHeight && right - left > 1,
    ring: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
  };
});

// Goes on until something of this name has the focus. Every stop on the way can be seen.
async function to(page, name, key = 'Tab') {
  const stops = [];
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (now.tag === 'body') continue;
    assert.ok(now.on && now.ring, `the focus is not to be seen on ${JSON.stringify(now)}, ${page.url()}`);
    if (now.name.startsWith(name)) return now;
    stops.push(now.name);
  }
  assert.fail(`${name} is not reached on ${page.url()}: ${stops.join(', ')}`);
}

async function go(page, name) {
  await to(page, name);
  const left = page.waitForEvent('framenavigated');
  await page.keyboard.press('Enter');
  await left;
  await page.waitForLoadState();
}

await walk(async () => {
  const page = await visitor();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: WEB });
  await page.goto(process.env.LINK);
  await go(page, 'Sign in');
  await sees(page, 'Hello, admin');

  // The first stop leads past the navigation, and says so only then.
  const { name } = await to(page, '');
  assert.equal(name, 'Skip to the page');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await go(page, 'Make a key');
  assert.equal(at(page), '/keys/new');

  await to(page, 'Name');
  await page.keyboard.type('without a mouse');
  await to(page, 'Everything that I may use');
  await page.keyboard.press('ArrowDown');
  assert.equal((await focused(page)).name, 'Only the tools picked below');
  await to(page, 'demo');
  await page.keyboard.press('Enter');
  await to(page, 'echo');
  await page.keyboard.press('Space');
  await go(page, 'Make the key');
  await sees(page, 'This is the only time');
  await to(page, 'Copy: the whole key');
  await page.keyboard.press('Enter');
  await sees(page, 'Copied');
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^ost_live_/);
  await go(page, 'I have stored it');
  await sees(page, 'demo.echo');
  console.log('made with keys alone');

  const key = at(page);
  await to(page, 'Revoke it for good');
  await page.keyboard.press('Enter');
  await to(page, 'Type without a mouse to confirm');
  await page.keyboard.type('without a mouse');
  await go(page, 'Revoke it for good');
  await sees(page, 'The key is revoked');
  assert.equal(at(page), key);

  // On a phone with a keyboard the menu opens, leads on, and closes.
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(WEB);
  await to(page, 'Menu');
  await page.keyboard.press('Enter');
  await to(page, 'Usage');
  await page.keyboard.press('Escape');
  assert.ok(await page.getByRole('link', { name: 'Usage', exact: true }).isHidden());
  assert.equal((await focused(page)).name, 'Menu');
  await page.keyboard.press('Enter');
  await go(page, 'Usage');
  assert.equal(at(page), '/usage');
});
