// Files on their way to the server: one that it refuses keeps no other from arriving.

import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.document = Object.assign(new EventTarget(), { baseURI: 'http://page/' });
const { send } = await import('../../demo/web/teach/files.js');

test('a refused file is told by its name, and the others arrive', async () => {
  globalThis.fetch = async (_, { body }) => {
    const file = body.get('files');
    if (file.name === '3.png') return new Response('{"detail": "The file is too large."}', { status: 413 });
    return Response.json([`/uploads/${file.name}`]);
  };
  const files = Array.from({ length: 9 }, (_, i) => ({ file: new File(['x'], `${i}.png`), name: `${i}.png`, group: '' }));
  const reports = [];
  const { sent, lost } = await send(files, (count) => reports.push(count));
  assert.deepEqual(sent.map(({ path }) => path), [0, 1, 2, 4, 5, 6, 7, 8].map((i) => `/uploads/${i}.png`));
  assert.deepEqual(lost, ['3.png: The file is too large.']);
  assert.equal(reports.at(-1), 9);
});
