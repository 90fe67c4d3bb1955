// What others try with somebody's browser: node refusals.mjs
// LINK is that of the first start; browser.mjs says what else it wants. Prints what it saw.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { WEB, at, press, sees, visitor, walk, withLink } from './browser.mjs';

// A page of another site that sends a form to ours as soon as it is opened.
function foreignSite() {
  const page = `<form method="post" action="${WEB}/keys"><input name="name" value="forged"><input name="mode" value="live">
    <input name="scope" value="all"><input name="expires" value="90"></form><script>document.forms[0].submit()</script>`;
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(page));
  // `localhost` is another site than 127.0.0.1, though it is the same machine.
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({
    url: `http://localhost:${server.address().port}/`, close: () => server.close(),
  })));
}

await walk(async () => {
  const { LINK } = process.env;
  const admin = await withLink(LINK);

  // Whoever finds the link later finds that it was used.
  const thief = await visitor();
  const page = await thief.goto(LINK);
  const posted = await thief.request.post(LINK, { headers: { origin: WEB } });
  assert.deepEqual([page.status(), posted.status()], [404, 404]);
  assert.deepEqual(await thief.context().cookies(), []);
  await thief.goto(`${WEB}/keys`);
  assert.equal(at(thief), '/login');
  console.log('a link that was used is refused');

  const site = await foreignSite();
  const forged = admin.waitForResponse((response) => response.url() === `${WEB}/keys`);
  await admin.goto(site.url);
  assert.ok((await forged).status() >= 400, `${(await forged).status()}`);
  site.close();
  await admin.goto(`${WEB}/keys`);
  await sees(admin, 'Keys');
  assert.equal(await admin.getByText('forged').count(), 0);
  console.log('a form of another site is refused');

  // A copy of the cookie is worth nothing once everybody of that name is out.
  const copy = await visitor();
  await copy.context().addCookies(await admin.context().cookies());
  await copy.goto(`${WEB}/keys`);
  assert.equal(at(copy), '/keys');
  await press(admin, 'Sign out everywhere');
  await sees(admin, 'Sign in with');
  await copy.goto(`${WEB}/keys`);
  assert.equal(at(copy), '/login');
  console.log('a cookie that was copied has ended');
});
